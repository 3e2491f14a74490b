"""Writes a test authority, certificates as PayPal's and deliveries signed with them into a folder.

The deliveries are genuine but for what their names say. Bodies are in Base64: their bytes are signed.
"""

import base64
import datetime
import json
import pathlib
import sys
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

folder = pathlib.Path(sys.argv[1])
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
WEBHOOK = "8PT597110X687430LKGECATA"
PAYPAL = "messageverificationcerts.paypal.com"
SANDBOX = "messageverificationcerts.sandbox.paypal.com"


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(subject, key, issuer, issuer_key, first, last, authority):
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject)).issuer_name(named(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(*certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


root_key, middle_key, other_key, leaf_key = new_key(), new_key(), new_key(), new_key()
YEAR = 365 * DAY
root = certificate("Test Root", root_key, "Test Root", root_key, NOW - YEAR, NOW + YEAR, True)
middle = certificate("Test Intermediate", middle_key, "Test Root", root_key, NOW - YEAR, NOW + YEAR, True)
other = certificate("Test Root", other_key, "Test Root", other_key, NOW - YEAR, NOW + YEAR, True)


def leaf(subject=PAYPAL, issuer=(middle, middle_key), first=NOW - 30 * DAY, last=NOW + 30 * DAY):
    name = issuer[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return certificate(subject, leaf_key, name, issuer[1], first, last, False)


(folder / "root.pem").write_bytes(pem(root))
(folder / "intermediate.pem").write_bytes(pem(middle))
certificates = folder / "certificates"
certificates.mkdir()
for name, content in {
    "CERT-chain": pem(leaf(), middle),
    "CERT-leaf-only": pem(leaf()),
    "CERT-sandbox": pem(leaf(SANDBOX), middle),
    "CERT-other-authority": pem(leaf(issuer=(other, other_key)), other),
    "CERT-other-name": pem(leaf("www.paypal.com"), middle),
    # Good until twelve hours before the present, so for what was sent a day ago.
    "CERT-expired": pem(leaf(last=NOW - DAY / 2), middle),
}.items():
    (certificates / name).write_bytes(content)


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(
    body, transmission, time=NOW, webhook=WEBHOOK, algorithm=hashes.SHA256, certificate="CERT-chain", key=leaf_key
):
    message = f"{transmission}|{stamp(time)}|{webhook}|{zlib.crc32(body) & 0xFFFFFFFF}"
    signature = key.sign(message.encode(), padding.PKCS1v15(), algorithm())
    return {
        "paypal-transmission-id": transmission,
        "paypal-transmission-time": stamp(time),
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
        "paypal-auth-version": "v2",
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": f"https://api.paypal.com/v1/notifications/certs/{certificate}",
    }


def capture(number, value, host="api.paypal.com"):
    resource = {
        "id": f"CAPTURE{number}", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": value},
        "custom_id": "platform=messenger&conversation_id=page:psid",
        "supplementary_data": {"related_ids": {"order_id": f"ORDER{number}"}},
        "links": [{"rel": "self", "href": f"https://{host}/v2/payments/captures/CAPTURE{number}"}],
    }
    event = {
        "id": f"WH-{number}", "event_version": "1.0", "create_time": "2025-12-31T23:00:00Z",
        "resource_version": "2.0", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": resource,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def with_checksum_of(body, genuine):
    """Appends white space after which another body has the checksum of the genuine one.

    Each place holds a space or a tab. What that choice does to the checksum does not depend on the others, so the
    choices are the solution of 32 linear equations.
    """
    goal = zlib.crc32(genuine)
    slots = 64
    base = zlib.crc32(body + b" " * slots)
    effects = [zlib.crc32(body + b" " * n + b"\t" + b" " * (slots - n - 1)) ^ base for n in range(slots)]
    rows = {}
    for n, effect in enumerate(effects):
        used = 1 << n
        while effect:
            top = effect.bit_length()
            if top not in rows:
                rows[top] = (effect, used)
                break
            effect, used = effect ^ rows[top][0], used ^ rows[top][1]
    wanted, chosen = goal ^ base, 0
    while wanted:
        effect, used = rows[wanted.bit_length()]
        wanted, chosen = wanted ^ effect, chosen ^ used
    return body + bytes(0x09 if chosen >> n & 1 else 0x20 for n in range(slots))


one = capture(1, "29.62")
of_sandbox = capture(1, "29.62", "api.sandbox.paypal.com")
deliveries = {
    "genuine": (signed(one, "t-1"), one),
    "leaf only": (signed(one, "t-2", certificate="CERT-leaf-only"), one),
    "of the sandbox": (signed(of_sandbox, "t-3", certificate="CERT-sandbox"), of_sandbox),
    "three days old": (signed(one, "t-4", NOW - 3 * DAY), one),
    "four days old": (signed(one, "t-5", NOW - 4 * DAY), one),
    "too old": (signed(one, "t-6", NOW - 4 * DAY - DAY / 86400), one),
    "five minutes ahead": (signed(one, "t-7", NOW + DAY / 288), one),
    "too far ahead": (signed(one, "t-8", NOW + DAY / 288 + DAY / 86400), one),
    "other webhook": (signed(one, "t-9", webhook="OTHER"), one),
    "other key": (signed(one, "t-10", key=other_key), one),
    "signed with SHA-1": (signed(one, "t-11", algorithm=hashes.SHA1), one),
    "other algorithm": ({**signed(one, "t-12"), "paypal-auth-algo": "SHA1withRSA"}, one),
    "other body": (signed(one, "t-13"), one.replace(b"29.62", b"99.62")),
    "truncated body": (signed(one, "t-14"), one[:-1]),
    "serialised again": (signed(one, "t-15"), json.dumps(json.loads(one)).encode()),
    "other authority": (signed(one, "t-16", certificate="CERT-other-authority"), one),
    "other name": (signed(one, "t-17", certificate="CERT-other-name"), one),
    "sent before it expired": (signed(one, "t-18", NOW - DAY, certificate="CERT-expired"), one),
    "sent after it expired": (signed(one, "t-19", certificate="CERT-expired"), one),
    "sent before it began": (signed(one, "t-20", NOW - 31 * DAY), one),
    "sent again": (signed(one, "t-21"), one),
}
# Whoever holds one genuine transmission can make another body with its checksum.
forged = with_checksum_of(capture(2, "9999.99"), one)
assert zlib.crc32(forged) == zlib.crc32(one) and json.loads(forged)
deliveries["same checksum"] = (deliveries["genuine"][0], forged)

vectors = {
    name: {"headers": headers, "body": base64.b64encode(body).decode()} for name, (headers, body) in deliveries.items()
}
(folder / "deliveries.json").write_text(json.dumps(vectors))
print(json.dumps({"webhook_id": WEBHOOK}))
