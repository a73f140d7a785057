-- One row per airport and local day. Weather is that of the hours in which flights were to leave.
SELECT
  origin,
  day,
  count(*) AS flights,
  count(*) FILTER (WHERE cancelled) AS cancelled,
  avg(dep_delay) AS mean_departure_delay,
  quantile_cont(dep_delay, 0.9) AS p90_departure_delay,
  avg(arr_delay) AS mean_arrival_delay,
  count(*) FILTER (WHERE dep_delay > 15) AS departed_late,
  count(*) FILTER (WHERE in_rain) AS flights_in_rain,
  count(*) FILTER (WHERE NOT weather_known) AS flights_without_weather,
  min(visib) AS lowest_visibility,
  max(wind_speed) AS highest_wind_speed
FROM flights_with_weather
GROUP BY origin, day
