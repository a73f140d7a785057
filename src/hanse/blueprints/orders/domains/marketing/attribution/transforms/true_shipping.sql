-- The day on which each order's goods really left. Private: no contract names it, so it is never published.
-- Shipping empties both of its dates when a parcel came back and is shipped again; the date is in the return, then.
SELECT
  s.order_id,
  r.return_id IS NOT NULL AS reshipped,
  CASE WHEN r.return_id IS NULL THEN s.shipped_on ELSE r.received_on + CAST(r.turnaround_days AS INTEGER) END AS truly_shipped_on
FROM shipments.shipments AS s
LEFT JOIN shipments.returns AS r ON r.shipment_id = s.shipment_id AND r.outcome = 'reshipped'
