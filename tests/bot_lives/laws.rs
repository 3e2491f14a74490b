//! What ties activation, retention and milestones to growth and activity, on generated data.

use serde_json::Value;

use super::oracle::told;

fn rows(answer: &Value) -> &[Value] {
    answer["rows"].as_array().unwrap()
}

fn int(row: &Value, column: &str) -> i64 {
    row[column].as_i64().unwrap_or_else(|| panic!("{column} of {row}"))
}

#[test]
fn the_population_passes_a_milestone_at_its_moment() {
    assert_eq!(told().populations.len(), 7);
    for (number, before, after) in &told().populations {
        assert!(
            before < number && after >= number,
            "{number}: {before} before, {after} after"
        );
    }
}

#[test]
fn as_many_bots_are_in_the_cohorts_as_were_registered() {
    let registered: i64 = rows(&told().activation).iter().map(|row| int(row, "registered")).sum();
    let entered: i64 = rows(&told().growth).iter().map(|row| int(row, "registered")).sum();
    assert_eq!(registered, entered);
    for (all, short) in rows(&told().growth).iter().zip(rows(&told().short)) {
        assert_eq!(int(all, "registered"), int(short, "registered"));
    }
}

#[test]
fn the_cohorts_add_up_to_the_activity_of_each_bucket() {
    // The range begins before the first event, so every bot is in a cohort.
    for week in rows(&told().activity) {
        let cells = || {
            rows(&told().bots)
                .iter()
                .filter(|row| row["bucket_start"] == week["bucket_start"])
        };
        let active: i64 = cells().map(|row| int(row, "active")).sum();
        let new: i64 = cells()
            .filter(|row| row["period"] == 0)
            .map(|row| int(row, "cohort_size"))
            .sum();
        assert_eq!((active, new), (int(week, "active"), int(week, "new")), "{week}");
    }
}

#[test]
fn a_cohort_never_grows_and_begins_whole() {
    for row in rows(&told().bots).iter().chain(rows(&told().users)) {
        assert!(int(row, "active") <= int(row, "cohort_size"), "{row}");
        if row["period"] == 0 {
            assert_eq!(row["active"], row["cohort_size"]);
            assert!(row["share"] == 1.0 || row["share"].is_null(), "{row}");
        }
    }
}

#[test]
fn the_platforms_users_add_up() {
    for whole in rows(&told().users) {
        let same = |row: &&Value| ["bucket_start", "period"].iter().all(|name| row[*name] == whole[*name]);
        let parts: i64 = rows(&told().by_platform)
            .iter()
            .filter(same)
            .map(|row| int(row, "active"))
            .sum();
        assert_eq!(parts, int(whole, "active"), "{whole}");
    }
}

#[test]
fn the_days_add_up_to_the_weeks() {
    for column in ["registered", "with_conversation", "with_checkout", "with_payment"] {
        let weeks: Vec<i64> = rows(&told().unfiltered[0]).iter().map(|row| int(row, column)).collect();
        let days: Vec<i64> = rows(&told().days).iter().map(|row| int(row, column)).collect();
        let sums: Vec<i64> = days.chunks(7).map(|week| week.iter().sum()).collect();
        assert_eq!(sums, weeks, "{column}");
    }
}

#[test]
fn a_filter_that_matches_everything_changes_nothing() {
    for (unfiltered, filtered) in told().unfiltered.iter().zip(&told().filtered) {
        assert!(rows(unfiltered).len() > 3);
        assert_eq!(unfiltered["rows"], filtered["rows"]);
    }
}
