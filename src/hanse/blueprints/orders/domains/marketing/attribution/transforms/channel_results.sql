-- One row per channel.
SELECT
  channel,
  count(DISTINCT customer_id) AS customers,
  count(*) AS orders,
  coalesce(sum(total_amount) FILTER (WHERE status <> 'cancelled'), 0) AS revenue,
  avg(days_to_ship) AS mean_days_to_ship,
  count(*) FILTER (WHERE reshipped) AS reshipped
FROM attributed_orders
GROUP BY channel
