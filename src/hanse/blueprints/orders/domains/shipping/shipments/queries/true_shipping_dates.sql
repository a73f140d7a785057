-- When did the goods really leave? For parcels shipped again the day is computed from the return.
SELECT s.shipment_id, s.order_id, coalesce(s.shipped_on, r.received_on + CAST(r.turnaround_days AS INTEGER)) AS truly_shipped_on, s.shipped_on IS NULL AS reshipped
FROM shipping.shipments.shipments AS s
LEFT JOIN shipping.shipments.returns AS r ON r.shipment_id = s.shipment_id
ORDER BY s.order_id
