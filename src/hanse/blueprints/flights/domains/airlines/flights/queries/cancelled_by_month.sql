-- How many flights were cancelled each month? A cancelled flight has no departure time.
SELECT month, count(*) AS flights, count(*) - count(dep_time) AS cancelled
FROM airlines.flights.flights
GROUP BY month
ORDER BY month
