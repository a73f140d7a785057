SELECT c_custkey, c_name, c_acctbal, n_name, c_address, c_phone, c_comment,
    CAST(sum(l_extendedprice * (1 - l_discount)) AS DECIMAL(38, 4)) AS revenue
FROM {customer}
JOIN {orders} ON c_custkey = o_custkey
JOIN {lineitem} ON l_orderkey = o_orderkey
JOIN {nation} ON c_nationkey = n_nationkey
WHERE l_returnflag = 'R'
GROUP BY ALL
