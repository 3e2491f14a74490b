//! Our own SVG as pixels, with the embedded fonts and no others.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::fonts;
use crate::serve::charts::ChartError;

/// Rasterises a chart to a PNG of exactly `width` × `height` pixels.
pub(crate) fn rasterised(svg: &str, width: u32, height: u32) -> Result<Vec<u8>, ChartError> {
    let options = Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: database(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| ChartError::Raster(error.to_string()))?;
    let mut pixels = Pixmap::new(width, height).ok_or(ChartError::Size)?;
    let scale = Transform::from_scale(width as f32 / tree.size().width(), height as f32 / tree.size().height());
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels
        .encode_png()
        .map_err(|error| ChartError::Raster(error.to_string()))
}

/// Reads the embedded faces.
pub(crate) fn warm_up() {
    drop(database());
}

/// The embedded faces, read once.
fn database() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut database = fontdb::Database::new();
        for face in fonts::all() {
            database.load_font_source(fontdb::Source::Binary(Arc::new(face)));
        }
        Arc::new(database)
    };
    Arc::clone(FONTS.get_or_init(load))
}
