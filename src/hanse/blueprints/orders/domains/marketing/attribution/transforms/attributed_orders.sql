-- One row per order.
SELECT
  o.order_id,
  o.customer_id,
  CAST(o.ordered_at AS DATE) AS ordered_on,
  o.status,
  o.total_amount,
  coalesce(l.channel, 'direct') AS channel,
  l.lead_id,
  t.truly_shipped_on,
  date_diff('day', CAST(o.ordered_at AS DATE), t.truly_shipped_on) AS days_to_ship,
  coalesce(t.reshipped, false) AS reshipped
FROM orders.orders AS o
LEFT JOIN first_leads AS l ON l.customer_id = o.customer_id
LEFT JOIN true_shipping AS t ON t.order_id = o.order_id
