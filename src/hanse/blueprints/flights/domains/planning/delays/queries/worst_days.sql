-- Which days were the worst, and was it the weather?
SELECT origin, day, flights, cancelled, round(mean_departure_delay) AS mean_departure_delay, flights_in_rain, lowest_visibility
FROM planning.delays.daily_delays
ORDER BY cancelled DESC
LIMIT 10
