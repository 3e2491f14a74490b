//! The geometry of broken lines: hatching and dashes.

use super::canvas::Rect;

/// Parallel diagonals inside a rectangle as one line that turns at the edges.
pub(super) fn hatching(rect: Rect, spacing: f64) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    let count = ((rect.w + rect.h) / spacing) as usize;
    for index in 1..=count {
        let k = index as f64 * spacing;
        let low = if k <= rect.h {
            (rect.x, rect.y + k)
        } else {
            (rect.x + k - rect.h, rect.bottom())
        };
        let high = if k <= rect.w {
            (rect.x + k, rect.y)
        } else {
            (rect.right(), rect.y + k - rect.w)
        };
        if index % 2 == 0 {
            points.extend([low, high])
        } else {
            points.extend([high, low])
        }
    }
    points
}

/// The dashes of a line, the pattern running on round its corners.
pub(super) fn dashes(points: &[(f64, f64)], on: f64, off: f64) -> Vec<Vec<(f64, f64)>> {
    let mut dashes = Vec::new();
    let (mut drawing, mut left) = (true, on);
    let mut current: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let at = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if drawing {
                current.push(at);
                dashes.push(std::mem::take(&mut current));
            } else {
                current = vec![at];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            current.push(to);
        }
    }
    if drawing && current.len() > 1 {
        dashes.push(current);
    }
    dashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hatching_stays_inside_its_rectangle() {
        let rect = Rect {
            x: 10.0,
            y: 20.0,
            w: 7.0,
            h: 31.0,
        };
        for (x, y) in hatching(rect, 4.0) {
            assert!((10.0..=17.0).contains(&x) && (20.0..=51.0).contains(&y), "{x} {y}");
        }
    }

    #[test]
    fn dashes_run_on_round_a_corner() {
        let dashes = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)], 6.0, 2.0);
        assert_eq!(dashes[0], [(0.0, 0.0), (5.0, 0.0), (5.0, 1.0)]);
        assert_eq!(dashes[1], [(5.0, 3.0), (5.0, 5.0)]);
    }
}
