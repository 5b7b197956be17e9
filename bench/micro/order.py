"""An order of 1 KB, and what engines of expressions are asked about it, each in its own language."""

import json
from typing import Any

ORDER: dict[str, Any] = {
    "id": "o-12345", "customer": {"name": "Ada", "tier": "gold", "region": "eu-west-1"}, "total": 149.9,
    "items": [
        {"sku": f"sku-{number:06}", "qty": number % 5 + 1, "price": 9.5 + number, "note": "x" * 30}
        for number in range(8)
    ],
    "address": {"street": "Main Street 1", "city": "Springfield", "zip": "12345", "country": "DE"}, "paid": True,
}  # fmt: skip
BODY = json.dumps(ORDER).encode()
HEADERS = {"tier": "gold", "region": "eu-west-1", "n": 7, "trace": "abc"}
CEL = {
    "headers": 'h.tier == "gold" && h.region.startsWith("eu") && h.n > 3',
    "body": 'msg.total > 100.0 && msg.customer.region == "eu-west-1" && msg.paid',
    "transform": """{"order": msg.id, "who": msg.customer.name, "net": msg.total * 0.8, "city": msg.address.city,
      "lines": msg.items.filter(i, i.qty > 2).map(i, {"sku": i.sku, "sum": i.price * double(i.qty)})}""",
}
JQ = {
    "headers": '.tier == "gold" and (.region | startswith("eu")) and .n > 3',
    "body": '.total > 100 and .customer.region == "eu-west-1" and .paid',
    "transform": """{order: .id, who: .customer.name, net: (.total * 0.8), city: .address.city,
      lines: [.items[] | select(.qty > 2) | {sku, sum: (.price * .qty)}]}""",
}
JSONATA = {
    "headers": 'tier = "gold" and $substring(region, 0, 2) = "eu" and n > 3',
    "body": 'total > 100 and customer.region = "eu-west-1" and paid',
    "transform": """{"order": id, "who": customer.name, "net": total * 0.8, "city": address.city,
      "lines": items[qty > 2].{"sku": sku, "sum": price * qty}}""",
}
RESULT = {
    "order": "o-12345", "who": "Ada", "net": 149.9 * 0.8, "city": "Springfield",
    "lines": [
        {"sku": item["sku"], "sum": item["price"] * item["qty"]}
        for item in ORDER["items"] if item["qty"] > 2
    ],
}  # fmt: skip
"""What every transform comes to."""
