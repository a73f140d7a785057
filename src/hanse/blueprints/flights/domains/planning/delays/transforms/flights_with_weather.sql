-- Each flight beside the weather of the hour it was to leave in. Private: no contract names it, so it is never published.
-- A null dep_time means that the flight was cancelled.
SELECT
  f.origin,
  make_date(f.year, f.month, f.day) AS day,
  f.carrier,
  f.dest,
  f.dep_time IS NULL AS cancelled,
  f.dep_delay,
  f.arr_delay,
  w.origin IS NOT NULL AS weather_known,
  w.precip > 0 AS in_rain,
  w.visib,
  CASE WHEN w.wind_speed <= 200 THEN w.wind_speed END AS wind_speed
FROM flights.flights AS f
LEFT JOIN weather AS w ON w.origin = f.origin AND w.time_hour = f.time_hour
