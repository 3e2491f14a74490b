//! Paying in the thread beside paying elsewhere: both rates with their intervals on one scale.

use maud::{Markup, html};

use super::{Answers, format, readings};

/// One path's rate.
struct Arm<'a> {
    path: &'a str,
    rate: f64,
    low: f64,
    high: f64,
    paid: i64,
    n: i64,
}

/// Where the text begins and how long a full bar is, in the drawing's own units.
const WIDTH: f64 = 1000.0;

/// Renders the comparison; nothing where no checkout names its path.
pub fn render(answers: &Answers) -> Markup {
    let arms = arms(answers);
    if arms.is_empty() {
        return html! {};
    }
    html! {
        div.paths id="paths" {
            h3 { "Conversations with a checkout: how many paid, by path" }
            p.note { "By the path of the first checkout; paid within 24 hours of the conversation's start. The line on each bar is its 95 % interval." }
            dl {
                @for arm in &arms {
                    div.path data-path=(arm.path) data-value=(arm.rate) data-n=(arm.n) {
                        dt { (readings::name(arm.path)) }
                        dd {
                            (bar(arm))
                            span.value { (format::percent(arm.rate)) }
                            span.basis {
                                (format::integer(arm.paid)) " paid ÷ n = " (format::integer(arm.n)) "; 95 % interval "
                                (format::percent(arm.low)) " to " (format::percent(arm.high))
                            }
                        }
                    }
                }
            }
            @if let Some(text) = difference(&arms) { p.reading { (text) } }
        }
    }
}

fn arms(answers: &Answers) -> Vec<Arm<'_>> {
    let table = &answers.paths.table;
    let mut arms: Vec<Arm> = (0..table.rows.len())
        .filter_map(|row| {
            // The last step: the conversations of a path have one at the checkout already.
            table.cell(row, "step").as_str().filter(|step| *step == "paid")?;
            let (paid, dropped) = (
                table.cell(row, "reached").as_i64()?,
                table.cell(row, "dropped").as_i64()?,
            );
            Some(Arm {
                path: table.cell(row, "path").as_str()?,
                rate: table.cell(row, "rate").as_f64()?,
                low: table.cell(row, "ci_low").as_f64()?,
                high: table.cell(row, "ci_high").as_f64()?,
                paid,
                n: paid + dropped,
            })
        })
        .collect();
    let order = ["in_thread", "webview", "redirect"];
    arms.sort_by_key(|arm| order.iter().position(|path| *path == arm.path));
    arms
}

fn bar(arm: &Arm) -> Markup {
    let at = |share: f64| format!("{:.1}", share.clamp(0.0, 1.0) * WIDTH);
    html! {
        svg.bar viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.track x="0" y="4" width="1000" height="16" {}
            rect.fill x="0" y="4" width=(at(arm.rate)) height="16" {}
            line.whisker x1=(at(arm.low)) x2=(at(arm.high)) y1="12" y2="12" {}
            line.whisker x1=(at(arm.low)) x2=(at(arm.low)) y1="6" y2="18" {}
            line.whisker x1=(at(arm.high)) x2=(at(arm.high)) y1="6" y2="18" {}
        }
    }
}

fn difference(arms: &[Arm]) -> Option<String> {
    let rate = |path: &str| arms.iter().find(|arm| arm.path == path).map(|arm| arm.rate);
    let difference = rate("in_thread")? - rate("redirect")?;
    let text = format!(
        "In the thread against by redirect: {}. An association, not a cause: the two groups may differ in more than the path.",
        format::points(difference),
    );
    Some(text)
}
