-- An instant reads the same whether SQL or Python wrote the answer: six digits of a second's fraction, or none.
CREATE OR REPLACE FUNCTION utc(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN replace(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '') || 'Z';
