"""Sends a bot's calls with Segment's client, plain and compressed, then with a wrong key. Prints what it reports."""

import json
import sys
from decimal import Decimal

import segment.analytics as analytics
from segment.analytics.client import Client
from segment.analytics.request import APIError

host, write_key = sys.argv[1:]
errors = []
analytics.write_key = write_key
analytics.host = host
analytics.on_error = lambda error, batch: errors.append(str(error))
thread = {"platform": "web", "bot_id": "shop", "conversation_id": "c1"}

analytics.identify("u1", {"email": "ada@example.org", "name": "Ada Lovelace"})
analytics.track("u1", "Conversation Started", {**thread, "acquisition": "ad"})
analytics.track("u1", "Message Received", {**thread, "text": "a red one, please"})
analytics.track("u1", "Coupon Entered", {**thread, "coupon": "SPRING"})
analytics.page("u1", "Docs", "Python")
analytics.flush()

compressed = Client(write_key, host=host, gzip=True, on_error=analytics.on_error)
compressed.track("u1", "Checkout Started", {
    **thread, "checkout_id": "k1", "path": "in_thread", "credential": "saved", "value": 29.62, "currency": "USD"})
compressed.track("u1", "Order Completed", {
    **thread, "checkout_id": "k1", "order_id": "pi_1", "provider": "stripe", "total": Decimal("29.62"),
    "currency": "USD", "products": [{"product_id": "p1", "price": 29.62, "quantity": 1}]})
compressed.shutdown()

told = {"errors": errors, "refused": None, "refused_code": None}
try:
    Client("a guess", host=host, sync_mode=True, max_retries=0).track("u1", "Conversation Started", thread)
except APIError as error:
    told["refused"], told["refused_code"] = error.status, error.code
print(json.dumps(told))
