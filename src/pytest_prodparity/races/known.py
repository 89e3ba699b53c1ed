"""Functions of PostgreSQL that touch no table, and words that stand before a parenthesis without being one."""

from __future__ import annotations

_HARMLESS = """
    abs acos age any_value area array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims
    array_position array_positions array_prepend array_remove array_replace array_sample array_shuffle array_to_json
    array_to_string array_upper ascii asin atan atan2 avg bit_and bit_count bit_length bit_or bool_and bool_or bound_box
    box broadcast btrim cardinality cast cbrt ceil ceiling center char_length character_length chr circle clock_timestamp
    coalesce col_description collate concat concat_ws convert convert_from convert_to corr cos cot count covar_pop
    covar_samp cube cume_dist current_catalog current_date current_role current_schema current_schemas current_setting
    current_time current_timestamp current_user currval date date_add date_bin date_part date_subtract date_trunc decode
    degrees dense_rank diameter digest div encode enum_first enum_last enum_range every exp extract factorial first_value
    floor format format_type gcd gen_random_bytes gen_random_uuid generate_series generate_subscripts get_bit get_byte
    greatest grouping height host hstore hmac inet_same_family initcap int4range int8range isempty isfinite
    json_agg json_array json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
    json_each json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys
    json_populate_record json_populate_recordset json_query json_strip_nulls json_to_record json_to_recordset
    json_typeof json_value jsonb jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length
    jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text
    jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query
    jsonb_path_query_array jsonb_path_query_first jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set
    jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof justify_days justify_hours
    justify_interval lag last_value lastval lcm lead least left length ln localtime localtimestamp log log10 lower
    lower_inc lower_inf lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz masklen max md5 min
    mod mode multirange network normalize now nth_value ntile nullif num_nonnulls num_nulls numnode numrange octet_length
    overlay parse_ident path percent_rank percentile_cont percentile_disc pg_backend_pid pg_client_encoding pg_sleep
    pg_typeof pi plainto_tsquery phraseto_tsquery point polygon position pow power quote_ident quote_literal
    quote_nullable radians radius random range_agg range_intersect_agg range_merge rank regexp_count regexp_instr
    regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr
    regr_slope repeat replace reverse right round row row_number row_to_json rpad rtrim scale session_user set_bit
    set_byte set_config setseed setweight sha224 sha256 sha384 sha512 sign similarity sin split_part sqrt starts_with
    statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strip strpos
    substr substring sum tan text timeofday timezone to_ascii to_char to_date to_hex to_json to_jsonb to_number
    to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim trim_array trim_scale trunc ts_headline
    ts_rank ts_rank_cd tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector unaccent unistr unnest upper
    upper_inc upper_inf user uuid_generate_v1 uuid_generate_v4 uuidv4 uuidv7 var_pop var_samp variance version
    websearch_to_tsquery width_bucket word_similarity xmlagg xmlelement xmlforest
"""
HARMLESS = frozenset(_HARMLESS.split())
"""Called with what only stands in the statement, they neither read nor write a row of a table, nor wait."""

NUMBERING = frozenset({"nextval", "setval"})
"""They move a sequence: others see that at once, and nobody waits."""

ADVISORY = frozenset(
    {
        "pg_advisory_lock",
        "pg_advisory_lock_shared",
        "pg_advisory_unlock",
        "pg_advisory_unlock_all",
        "pg_advisory_unlock_shared",
        "pg_advisory_xact_lock",
        "pg_advisory_xact_lock_shared",
        "pg_try_advisory_lock",
        "pg_try_advisory_lock_shared",
        "pg_try_advisory_xact_lock",
        "pg_try_advisory_xact_lock_shared",
        "hashtext",
        "hashtextextended",
    }
)
"""They touch advisory locks and no table. `hashtext` stands beside them nearly always, and touches nothing."""

_NO_CALL = """
    all and any array as insert at between by case cascade check columns conflict constraint cross cube default desc asc distinct do
    else end except exclude exists filter for from full generated group groups having ilike in inner intersect into is
    join key lateral left like limit materialized natural not nowait nulls of offset on only or order ordinality
    outer over overlaps overriding partition range recursive ref returning rollup rows select set sets share similar
    some symmetric table tablesample then to union unique update using value values when where window with within without
    bigint bit char character decimal double float int integer interval nchar numeric precision real smallint time timestamp
    varchar varying zone
"""
NO_CALL = frozenset(_NO_CALL.split())
"""Before a parenthesis, these are grammar or types. `left` is both a join and a function: harmless either way."""
