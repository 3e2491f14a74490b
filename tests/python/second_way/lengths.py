"""How many messages conversations have."""

from funnels import attributes, steps_of
from question import duration
from statistics_of import percentile, ratio, wilson


def talks(view, question, window, direction):
    """Of each conversation started in the range: its bucket, its attributes and the number of its messages."""
    started = steps_of(view, question.mode, "conversation", "conversation.started")
    spoken = steps_of(view, question.mode, "conversation", "conversation.message")
    for name, (first, *_) in started.items():
        bucket = question.bucket_of(first.time)
        if bucket is not None:
            messages = [
                one for one in spoken.get(name, ())
                if 0 <= one.time - first.time <= window and direction in ("both", one.event.direction)
            ]
            yield bucket.index, attributes(view, question.mode, "conversation", name, first, window), len(messages)


def conversation_length(view, question):
    window = duration(question.parameters.get("window", "24h"))
    least = int(question.parameters.get("at_least", "10"))
    members, groups = {}, set()
    for index, values, messages in talks(view, question, window, question.parameters.get("direction", "both")):
        if question.keeps(values):
            group = question.group(values)
            members.setdefault((index, group), []).append(messages)
            groups.add(group)
    rows = []
    for bucket in question.buckets:
        for group in groups or {(None,) * len(question.group_by)}:
            lengths = members.get((bucket.index, group), [])
            long, mature = sum(one >= least for one in lengths), bucket.end + window <= question.as_of
            low, high = wilson(long, len(lengths))
            settled = {
                "mean": ratio(sum(lengths), len(lengths)),
                "median": percentile(lengths, 0.5),
                "p90": percentile(lengths, 0.9),
                "share": ratio(long, len(lengths)),
                "ci_low": low,
                "ci_high": high,
            }
            rows.append({
                "bucket": bucket, **dict(zip(question.group_by, group)), "conversations": len(lengths),
                "messages": sum(lengths), "long": long, **(settled if mature else dict.fromkeys(settled)),
            })
    return rows, []


METRICS = {
    "conversation-length": (conversation_length, [
        ("far", "from=2025-01-01&to=2025-04-15&interval=week&tz=Asia/Kathmandu&at_least=2"),
        ("far", "from=2025-01-01&to=2025-05-01&interval=month&group_by=platform,acquisition&direction=in&at_least=1"),
        ("far", "from=2025-01-01&to=2025-05-01&group_by=path,credential&window=7d&at_least=3"),
        ("far", "from=2025-01-01&to=2025-05-01&group_by=provider,country&direction=out&at_least=2"),
        ("end", "from=2025-03-01&to=2025-04-20T10:30&interval=day&group_by=category&tz=America/New_York&window=36h"),
        ("end", "from=2025-01-01&to=2025-05-01&interval=month&mode=test&group_by=developer&at_least=2"),
        ("mid", "from=2025-01-01&to=2025-04-01&interval=week&acquisition!=ad&country=US,(none)&at_least=2"),
        ("mid", "from=2025-02-03T00:30&to=2025-02-17T00:30&interval=hour&window=5m&at_least=1&platform=messenger"),
        ("now", "from=2024-12-20&to=2025-12-20&group_by=bot&at_least=4&window=90d"),
    ]),
}
