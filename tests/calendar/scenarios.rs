//! Instants around the oddities of calendars, and by hand the bucket that each of them falls in.

/// A question about the instants of a scenario, and what it must be answered.
pub struct View {
    pub range: &'static str,
    /// Buckets of the range; each must be in the answer.
    pub buckets: usize,
    /// Those in which something happened, by their beginning, and how often it did.
    pub counts: &'static [(&'static str, i64)],
}

/// What happens in one zone, on a platform of the scenario's name.
pub struct Scenario {
    pub name: &'static str,
    pub zone: &'static str,
    pub instants: &'static [&'static str],
    pub views: &'static [View],
}

pub const SCENARIOS: &[Scenario] = &[
    // 02:00 does not exist: 01:59:59 +01:00 is followed by 03:00 +02:00.
    Scenario {
        name: "berlin_spring",
        zone: "Europe/Berlin",
        instants: &[
            "2016-03-26T23:00:00Z",
            "2016-03-27T00:59:59Z",
            "2016-03-27T01:00:00Z",
            "2016-03-27T01:30:00Z",
            "2016-03-27T21:59:59Z",
            "2016-03-27T22:00:00Z",
        ],
        views: &[
            View {
                range: "from=2016-03-27&to=2016-03-28&interval=hour",
                buckets: 23,
                counts: &[
                    ("2016-03-27T00:00:00+01:00", 1),
                    ("2016-03-27T01:00:00+01:00", 1),
                    ("2016-03-27T03:00:00+02:00", 2),
                    ("2016-03-27T23:00:00+02:00", 1),
                ],
            },
            View {
                range: "from=2016-03-26&to=2016-03-29&interval=day",
                buckets: 3,
                counts: &[("2016-03-27T00:00:00+01:00", 5), ("2016-03-28T00:00:00+02:00", 1)],
            },
            // A beginning that does not exist moves on to 03:00.
            View {
                range: "from=2016-03-27T02:30&to=2016-03-27T03:30",
                buckets: 1,
                counts: &[("2016-03-27T03:00:00+02:00", 1)],
            },
        ],
    },
    // 02:00 comes twice.
    Scenario {
        name: "berlin_autumn",
        zone: "Europe/Berlin",
        instants: &[
            "2016-10-30T00:30:00Z",
            "2016-10-30T01:00:00Z",
            "2016-10-30T01:30:00Z",
            "2016-10-30T02:00:00Z",
        ],
        views: &[
            View {
                range: "from=2016-10-30&to=2016-10-31&interval=hour",
                buckets: 25,
                counts: &[
                    ("2016-10-30T02:00:00+02:00", 1),
                    ("2016-10-30T02:00:00+01:00", 2),
                    ("2016-10-30T03:00:00+01:00", 1),
                ],
            },
            // Of a time that comes twice, the earlier is meant.
            View {
                range: "from=2016-10-30T02:30&to=2016-10-30T03:00",
                buckets: 1,
                counts: &[("2016-10-30T02:30:00+02:00", 3)],
            },
        ],
    },
    Scenario {
        name: "new_york_spring",
        zone: "America/New_York",
        instants: &["2016-03-13T06:59:59Z", "2016-03-13T07:00:00Z", "2016-03-14T03:59:59Z"],
        views: &[View {
            range: "from=2016-03-13&to=2016-03-14&interval=hour",
            buckets: 23,
            counts: &[
                ("2016-03-13T01:00:00-05:00", 1),
                ("2016-03-13T03:00:00-04:00", 1),
                ("2016-03-13T23:00:00-04:00", 1),
            ],
        }],
    },
    Scenario {
        name: "new_york_autumn",
        zone: "America/New_York",
        instants: &["2016-11-06T05:30:00Z", "2016-11-06T06:30:00Z", "2016-11-07T04:59:59Z"],
        views: &[View {
            range: "from=2016-11-06&to=2016-11-07&interval=hour",
            buckets: 25,
            counts: &[
                ("2016-11-06T01:00:00-04:00", 1),
                ("2016-11-06T01:00:00-05:00", 1),
                ("2016-11-06T23:00:00-05:00", 1),
            ],
        }],
    },
    // The clock goes back by 30 minutes, from 02:00 to 01:30: that half hour has a bucket of its own.
    Scenario {
        name: "lord_howe_autumn",
        zone: "Australia/Lord_Howe",
        instants: &["2016-04-02T14:45:00Z", "2016-04-02T15:15:00Z", "2016-04-02T15:30:00Z"],
        views: &[
            View {
                range: "from=2016-04-03&to=2016-04-04&interval=hour",
                buckets: 25,
                counts: &[
                    ("2016-04-03T01:00:00+11:00", 1),
                    ("2016-04-03T01:30:00+10:30", 1),
                    ("2016-04-03T02:00:00+10:30", 1),
                ],
            },
            View {
                range: "from=2016-04-02&to=2016-04-05&interval=day",
                buckets: 3,
                counts: &[("2016-04-03T00:00:00+11:00", 3)],
            },
        ],
    },
    // And on, from 02:00 to 02:30.
    Scenario {
        name: "lord_howe_spring",
        zone: "Australia/Lord_Howe",
        instants: &["2016-10-01T15:29:59Z", "2016-10-01T15:30:00Z", "2016-10-01T16:00:00Z"],
        views: &[View {
            range: "from=2016-10-02&to=2016-10-03&interval=hour",
            buckets: 24,
            counts: &[
                ("2016-10-02T01:00:00+10:30", 1),
                ("2016-10-02T02:30:00+11:00", 1),
                ("2016-10-02T03:00:00+11:00", 1),
            ],
        }],
    },
    Scenario {
        name: "kathmandu",
        zone: "Asia/Kathmandu",
        instants: &["2016-09-11T18:14:59Z", "2016-09-11T18:15:00Z", "2016-09-12T18:14:59Z"],
        views: &[
            View {
                range: "from=2016-09-11&to=2016-09-14&interval=day",
                buckets: 3,
                counts: &[("2016-09-11T00:00:00+05:45", 1), ("2016-09-12T00:00:00+05:45", 2)],
            },
            View {
                range: "from=2016-09-12&to=2016-09-13&interval=hour",
                buckets: 24,
                counts: &[("2016-09-12T00:00:00+05:45", 1), ("2016-09-12T23:00:00+05:45", 1)],
            },
        ],
    },
    // The clock goes back an hour at 03:45: the hours go on, and one of them holds both quarters before 03:00.
    Scenario {
        name: "chatham_autumn",
        zone: "Pacific/Chatham",
        instants: &["2016-04-02T13:50:00Z", "2016-04-02T14:05:00Z", "2016-04-02T14:15:00Z"],
        views: &[View {
            range: "from=2016-04-03&to=2016-04-04&interval=hour",
            buckets: 25,
            counts: &[("2016-04-03T03:00:00+13:45", 2), ("2016-04-03T03:00:00+12:45", 1)],
        }],
    },
    // 30 December 2011 was left out: the 29th is followed by the 31st.
    Scenario {
        name: "apia",
        zone: "Pacific/Apia",
        instants: &["2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"],
        views: &[
            View {
                range: "from=2011-12-29&to=2012-01-01&interval=day",
                buckets: 2,
                counts: &[("2011-12-29T00:00:00-10:00", 1), ("2011-12-31T00:00:00+14:00", 1)],
            },
            View {
                range: "from=2011-12-26&to=2012-01-09&interval=week",
                buckets: 2,
                counts: &[("2011-12-26T00:00:00-10:00", 2)],
            },
            View {
                range: "from=2011-12-30&to=2012-01-01&interval=day",
                buckets: 1,
                counts: &[("2011-12-31T00:00:00+14:00", 1)],
            },
        ],
    },
    // Midnight does not exist: the 16th begins at 01:00.
    Scenario {
        name: "sao_paulo_spring",
        zone: "America/Sao_Paulo",
        instants: &["2016-10-16T02:59:59Z", "2016-10-16T03:00:00Z"],
        views: &[
            View {
                range: "from=2016-10-15&to=2016-10-17&interval=day",
                buckets: 2,
                counts: &[("2016-10-15T00:00:00-03:00", 1), ("2016-10-16T01:00:00-02:00", 1)],
            },
            View {
                range: "from=2016-10-16&to=2016-10-17&interval=hour",
                buckets: 23,
                counts: &[("2016-10-16T01:00:00-02:00", 1)],
            },
        ],
    },
    // Midnight comes twice, and the day begins with the first.
    Scenario {
        name: "havana_autumn",
        zone: "America/Havana",
        instants: &["2016-11-06T03:59:59Z", "2016-11-06T04:30:00Z", "2016-11-06T05:30:00Z"],
        views: &[
            View {
                range: "from=2016-11-05&to=2016-11-08&interval=day",
                buckets: 3,
                counts: &[("2016-11-05T00:00:00-04:00", 1), ("2016-11-06T00:00:00-04:00", 2)],
            },
            View {
                range: "from=2016-11-06&to=2016-11-07&interval=hour",
                buckets: 25,
                counts: &[("2016-11-06T00:00:00-04:00", 1), ("2016-11-06T00:00:00-05:00", 1)],
            },
        ],
    },
    // 2015 has 53 ISO weeks: the first days of January belong to the last of them.
    Scenario {
        name: "iso_weeks",
        zone: "UTC",
        instants: &[
            "2015-12-31T23:59:59Z",
            "2016-01-01T00:00:00Z",
            "2016-01-03T23:59:59Z",
            "2016-01-04T00:00:00Z",
        ],
        views: &[
            View {
                range: "from=2015-12-21&to=2016-01-18&interval=week",
                buckets: 4,
                counts: &[("2015-12-28T00:00:00+00:00", 3), ("2016-01-04T00:00:00+00:00", 1)],
            },
            View {
                range: "from=2015-01-01&to=2017-01-01&interval=year",
                buckets: 2,
                counts: &[("2015-01-01T00:00:00+00:00", 1), ("2016-01-01T00:00:00+00:00", 3)],
            },
        ],
    },
    Scenario {
        name: "leap_day",
        zone: "UTC",
        instants: &[
            "2015-02-28T12:00:00Z",
            "2016-02-29T00:00:00Z",
            "2016-02-29T23:59:59Z",
            "2016-03-01T00:00:00Z",
        ],
        views: &[
            View {
                range: "from=2016-02-27&to=2016-03-02&interval=day",
                buckets: 4,
                counts: &[("2016-02-29T00:00:00+00:00", 2), ("2016-03-01T00:00:00+00:00", 1)],
            },
            View {
                range: "from=2016-01-01&to=2016-04-01&interval=month",
                buckets: 3,
                counts: &[("2016-02-01T00:00:00+00:00", 2), ("2016-03-01T00:00:00+00:00", 1)],
            },
            View {
                range: "from=2015-01-01&to=2016-07-01&interval=quarter",
                buckets: 6,
                counts: &[("2015-01-01T00:00:00+00:00", 1), ("2016-01-01T00:00:00+00:00", 3)],
            },
        ],
    },
];
