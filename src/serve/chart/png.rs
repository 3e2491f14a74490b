//! Our own SVG as pixels, with the embedded font and no other.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::{ChartError, check_size};

/// Rasterises a chart to a PNG of exactly `width` × `height` pixels.
///
/// # Errors
/// When the size is out of bounds or the text is no SVG.
pub fn png(svg: &str, width: u32, height: u32) -> Result<Vec<u8>, ChartError> {
    check_size(width, height)?;
    let options = Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: fonts(),
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

/// The embedded faces, read once.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        for face in [dejavu::sans::regular(), dejavu::sans::bold()] {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(face)));
        }
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(load))
}
