"""Posts events with the CloudEvents SDK in structured, binary and batch mode. Prints the answers."""

import json
import sys
import urllib.request
from datetime import datetime, timezone

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

url = sys.argv[1]


def event(identity, kind, data):
    attributes = {
        "id": identity, "source": "/sdk", "type": kind, "specversion": "1.0",
        "time": datetime(2016, 7, 1, 12, tzinfo=timezone.utc), "datacontenttype": "application/json",
    }
    return CloudEvent(attributes=attributes, data={"platform": "messenger", "bot_id": "b1", **data})


def post(headers, body):
    body = body if isinstance(body, bytes) else body.encode()
    request = urllib.request.Request(url, data=body, headers=dict(headers))
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def send(message):
    return post(message.headers, message.body)


structured = event("s", "bot.registered", {"name": "structured"})
binary = event("b \u00e9 100%", "bot.registered", {"name": "caf\u00e9 \"binary\" 100%"})
batch = [event(f"c{n}", "conversation.started", {"conversation_id": f"c{n}"}) for n in range(3)]
bodies = [json.loads(to_structured_event(one).body) for one in batch]
told = {
    "structured": send(to_structured_event(structured)),
    "binary": send(to_binary_event(binary)),
    "binary_again_as_structured": send(to_structured_event(binary)),
    "batch": post({"Content-Type": "application/cloudevents-batch+json"}, json.dumps(bodies)),
}
print(json.dumps(told))
