-- One row per destination, with its name and time zone where the airports domain knows them.
SELECT
  d.dest,
  p.name,
  p.tzone,
  count(*) AS flights,
  count(*) FILTER (WHERE d.cancelled) AS cancelled,
  avg(d.arr_delay) AS mean_arrival_delay
FROM flights_with_weather AS d
LEFT JOIN airports AS p ON p.faa = d.dest
GROUP BY d.dest, p.name, p.tzone
