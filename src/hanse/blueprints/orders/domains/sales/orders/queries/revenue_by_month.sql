-- What was sold, month by month?
SELECT date_trunc('month', ordered_at) AS month, count(*) AS orders, sum(total_amount) AS revenue
FROM sales.orders.orders
WHERE status <> 'cancelled'
GROUP BY ALL
ORDER BY month
