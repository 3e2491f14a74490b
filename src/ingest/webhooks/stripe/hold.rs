//! Holds of which a part was captured: the rest is released, and until 2025-03-31 that came as a refund.

use serde_json::Value;

use super::money::{figure, money};
use super::{Notice, Verdict};

/// The first version in which the rest of a hold is not reported as a refund.
const NO_REFUND_SINCE: &str = "2025-03-31";

/// Whether anything of a charge was captured, also while more of it may be.
pub(super) fn has_captures(charge: &Value) -> Verdict<bool> {
    Ok(figure(&charge["amount_captured"])?.is_some_and(|captured| captured > 0))
}

/// How much of a charge's `amount_refunded` is the released rest of its hold, in minor units: 0 where it certainly is
/// not there, none where there is no rest or nothing says so.
pub(super) fn released(notice: &Notice<'_>) -> Verdict<Option<i64>> {
    let rest = rest(notice)?;
    let money = rest.map(|rest| money(&notice.delivery, Some(rest), &notice.object["currency"]));
    Ok(money.transpose()?.map(|money| money.minor))
}

/// As [`released`], in Stripe's unit.
///
/// The figures decide where they can. Else the version of the notice does, although the one with which the merchant
/// captured may have been another.
pub(super) fn rest(notice: &Notice<'_>) -> Verdict<Option<i64>> {
    let charge = notice.object;
    // Nothing is released while more may be captured.
    if charge["captured"] == false {
        return Ok(None);
    }
    let at_capture = notice.type_name() == "charge.captured";
    let refunded = figure(&charge["amount_refunded"])?.unwrap_or(0);
    let (Some(amount), Some(captured)) = (figure(&charge["amount"])?, figure(&charge["amount_captured"])?) else {
        // Versions without `amount_captured`: before the capture nothing can have gone back.
        return Ok(Some(refunded).filter(|rest| at_capture && *rest > 0));
    };
    // More may be captured than was reserved.
    let Some(rest) = amount.checked_sub(captured).filter(|rest| *rest > 0) else {
        return Ok(None);
    };
    Ok(if refunded < rest {
        Some(0)
    } else if refunded > captured || at_capture && refunded == rest {
        Some(rest)
    } else if charge["refunded"] == true {
        // All of what was captured, and no more.
        Some(0)
    } else {
        Some(rest).filter(|_| is_a_refund(notice))
    })
}

/// Of an intent that was captured in part: only the version tells.
pub(super) fn of_intent(notice: &Notice<'_>) -> Verdict<Option<i64>> {
    let intent = notice.object;
    let (amount, received) = (figure(&intent["amount"])?, figure(&intent["amount_received"])?);
    let rest = amount
        .zip(received)
        .and_then(|(amount, received)| amount.checked_sub(received));
    let rest = rest.filter(|rest| *rest > 0 && is_a_refund(notice));
    let money = rest.map(|rest| money(&notice.delivery, Some(rest), &intent["currency"]));
    Ok(money.transpose()?.map(|money| money.minor))
}

/// A notice without a version is of the first years.
fn is_a_refund(notice: &Notice<'_>) -> bool {
    let version = notice.body["api_version"].as_str();
    version.is_none_or(|version| version < NO_REFUND_SINCE)
}
