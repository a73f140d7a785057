-- Which days sold most?
SELECT ordered_on, orders, revenue
FROM sales.orders.revenue_by_day
ORDER BY revenue DESC
