-- One row per carrier.
SELECT
  d.carrier,
  a.name,
  count(*) AS flights,
  count(*) FILTER (WHERE d.cancelled) AS cancelled,
  count(*) FILTER (WHERE d.cancelled) / count(*) AS cancelled_share,
  avg(d.dep_delay) AS mean_departure_delay,
  avg(d.arr_delay) AS mean_arrival_delay,
  quantile_cont(d.dep_delay, 0.9) AS p90_departure_delay,
  avg(d.dep_delay) FILTER (WHERE d.in_rain) AS mean_departure_delay_in_rain
FROM flights_with_weather AS d
JOIN flights.airlines AS a ON a.carrier = d.carrier
GROUP BY d.carrier, a.name
