//! The one bridge between DuckDB and Polars: Arrow arrays through the C data interface.
//!
//! The buffers change hands without being copied; only the many small chunks that DuckDB
//! yields are joined once.

use arrow::array::{Array, RecordBatch, make_array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use polars::prelude::{ArrayRef, Column, CompatLevel, DataFrame, Series};

use crate::store::StoreError;

/// Makes one frame of the batches of a result.
pub fn to_frame(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<DataFrame, StoreError> {
    let height = batches.iter().map(RecordBatch::num_rows).sum();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        let series = if batches.is_empty() {
            let empty = arrow::array::new_empty_array(field.data_type());
            Series::from_arrow(field.name().as_str().into(), import(&empty)?)?
        } else {
            let chunks: Result<Vec<_>, _> = batches.iter().map(|batch| import(batch.column(index))).collect();
            Series::from_arrow_chunks(field.name().as_str().into(), chunks?)?.rechunk()
        };
        columns.push(Column::from(series));
    }
    Ok(DataFrame::new(height, columns)?)
}

/// Makes one batch of a frame.
pub fn to_batch(frame: &DataFrame) -> Result<RecordBatch, StoreError> {
    let mut fields = Vec::with_capacity(frame.width());
    let mut arrays = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        let series = column.as_materialized_series().rechunk();
        let array = export(series.to_arrow(0, CompatLevel::oldest()))?;
        fields.push(Field::new(series.name().as_str(), array.data_type().clone(), true));
        arrays.push(array);
    }
    Ok(RecordBatch::try_new(std::sync::Arc::new(Schema::new(fields)), arrays)?)
}

/// Hands an array of the `arrow` crate to Polars.
#[allow(
    unsafe_code,
    reason = "the Arrow C data interface is how the two libraries share buffers"
)]
fn import(array: &dyn Array) -> Result<ArrayRef, StoreError> {
    let (ffi_array, ffi_schema) = arrow::ffi::to_ffi(&array.to_data())?;
    // SAFETY: both structs follow the C data interface and have the same layout in both crates;
    // `transmute` moves ownership, with the release callback, to the Polars side.
    unsafe {
        let array: polars_arrow::ffi::ArrowArray = std::mem::transmute::<FFI_ArrowArray, _>(ffi_array);
        let schema: polars_arrow::ffi::ArrowSchema = std::mem::transmute::<FFI_ArrowSchema, _>(ffi_schema);
        let field = polars_arrow::ffi::import_field_from_c(&schema)?;
        Ok(polars_arrow::ffi::import_array_from_c(array, field.dtype)?)
    }
}

/// Hands an array of Polars to the `arrow` crate.
#[allow(
    unsafe_code,
    reason = "the Arrow C data interface is how the two libraries share buffers"
)]
fn export(array: ArrayRef) -> Result<arrow::array::ArrayRef, StoreError> {
    let field = polars_arrow::datatypes::Field::new("".into(), array.dtype().clone(), true);
    let ffi_schema = polars_arrow::ffi::export_field_to_c(&field);
    let ffi_array = polars_arrow::ffi::export_array_to_c(array);
    // SAFETY: as in `import`, the other way round.
    let data = unsafe {
        let array: FFI_ArrowArray = std::mem::transmute::<polars_arrow::ffi::ArrowArray, _>(ffi_array);
        let schema: FFI_ArrowSchema = std::mem::transmute::<polars_arrow::ffi::ArrowSchema, _>(ffi_schema);
        from_ffi(array, &schema)?
    };
    Ok(make_array(data))
}
