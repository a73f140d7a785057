SELECT
  ordered_on,
  count(*) AS orders,
  sum(amount) AS revenue
FROM orders
GROUP BY ordered_on
