// Written by `npm run generate-api` from schemas/dashboard.schema.json: change that, and write this anew.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description A number of bytes: 50MB, 1.5 GiB, or a plain number.
         * @example 50MB
         */
        bytes: string | number;
        /**
         * @description A length of time: 500ms, 30s, 15m, 24h, 2d.
         * @example 30s
         * @example 24h
         */
        duration: string;
        /**
         * @description How long answers are kept.
         * @example {
         *       "ttl": "24h",
         *       "max_stale": "48h",
         *       "refresh": "0 6 * * *"
         *     }
         */
        cache: {
            /** @description Age up to which an answer counts as new: 10s to 48h. */
            ttl?: components["schemas"]["duration"];
            /** @description Age up to which an old answer may be shown while a new one is fetched: at most 7d. */
            max_stale?: components["schemas"]["duration"];
            /**
             * @description When to fetch anew without being asked: minute, hour, day of month, month, day of week.
             * @example 0 6 * * *
             */
            refresh?: string;
        };
        /** @description One typed value. */
        param: {
            /**
             * @description What values it takes.
             * @enum {unknown}
             */
            type: "date_range" | "date" | "enum" | "text" | "number" | "boolean";
            /** @description Shown beside the control. */
            label?: string;
            /** @description Shown as a hint. */
            description?: string;
            /**
             * @description Of an enum: several values may be chosen.
             * @default false
             */
            multiple: boolean;
            /**
             * @description The value until the reader chooses; all means no filter. Of a date_range: a preset such as last_90_days (counted from today), last_90_days_of_data (counted from the newest day of what it filters; also weeks, months and years, and any number), or 2001-01-01..2001-03-31 (both days included, either side may be empty).
             * @example last_90_days_of_data
             * @example last_90_days
             * @example all
             */
            default?: string | number | boolean | (string | number)[] | null;
            /** @description Of an enum: what may be chosen. */
            values?: (string | number)[];
            /**
             * @description Of an enum: query.column whose values may be chosen.
             * @example carriers.name
             */
            values_from?: string;
        };
        /** @description One read-only SQL statement. Values come in only through :param, :param.from, :param.to and filter(:param, expression). */
        query: {
            /** @description One SELECT. filter(:period, column) becomes a condition with bound values, or TRUE when the parameter is at all. */
            sql: string;
            /** @description Other queries that this one reads as tables: it then runs inside Bridge, on their answers, and scans nothing. */
            from?: string[];
            /** @description What it answers. */
            description?: string;
            /** @description How columns of the answer are shown. */
            columns?: {
                [key: string]: components["schemas"]["column"];
            };
            cache?: components["schemas"]["cache"];
        };
        /** @description How a column is shown. */
        column: {
            /** @description Instead of its name. */
            label?: string;
            /** @description After the number: min, km, $. */
            unit?: string;
            /**
             * @description A number or time format, as of d3: ,.1f or %d %b.
             * @example ,.1f
             */
            format?: string;
            /**
             * @description Which direction is good news, for colour.
             * @enum {unknown}
             */
            good?: "up" | "down";
        };
        /** @description A column, or a column and what is done with it. */
        encoding: string | components["schemas"]["encoding_object"];
        /** @description A column and what is done with it. */
        encoding_object: {
            /** @description A column of the query's answer. */
            field?: string;
            /**
             * @description How rows that share everything else become one.
             * @enum {unknown}
             */
            aggregate?: "sum" | "mean" | "median" | "min" | "max" | "count" | "count_distinct";
            /** @description Puts numbers into ranges: true, how many, or how wide. */
            bin?: boolean | number | {
                /** @description Width of a range. */
                step?: number;
                /** @description At most so many. */
                max_bins?: number;
            };
            /**
             * @description Puts times into steps, or folds them.
             * @enum {unknown}
             */
            time_unit?: "year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "month_of_year" | "day_of_week" | "hour_of_day";
            /** @description Order of the values: ascending, descending, or another encoding such as -y. */
            sort?: string;
            /** @description A number or time format, as of d3. */
            format?: string;
            /** @description Instead of the column's name. */
            title?: string;
        };
        /** @description One picture of one query's answer. */
        chart: {
            /** @description A query. */
            query: string;
            /**
             * @description What it is drawn as.
             * @enum {unknown}
             */
            mark: "kpi" | "line" | "area" | "bar" | "stacked_bar" | "grouped_bar" | "scatter" | "pie" | "donut" | "heatmap" | "histogram" | "box" | "funnel" | "table" | "sparkline" | "map";
            /** @description Above the picture. */
            title?: string;
            /** @description For those who cannot see it, and as a hint. */
            description?: string;
            x?: components["schemas"]["encoding"];
            /** @description A column, or several measures. */
            y?: string | components["schemas"]["encoding_object"] | components["schemas"]["encoding"][];
            color?: components["schemas"]["encoding"];
            size?: components["schemas"]["encoding"];
            facet?: components["schemas"]["encoding"];
            /**
             * @description Order by x, y, color, size, or in a table by a column; a minus for largest first.
             * @example -y
             */
            sort?: string;
            /** @description Only the first so many after sorting. */
            limit?: number;
            /**
             * @description Of a kpi: shows the change against the same length of time just before.
             * @enum {unknown}
             */
            compare?: "previous_period";
            /** @description What a click does. */
            on_click?: {
                /**
                 * @description Parameters to set, each to an encoding of what was clicked.
                 * @example {
                 *       "carrier": "$x"
                 *     }
                 */
                set: {
                    [key: string]: string;
                };
            };
            /** @description Of a table: which columns, in order; all when missing. */
            columns?: string[];
            /**
             * @description Of areas and stacked bars: on top of each other, or as shares of the whole.
             * @enum {unknown}
             */
            stack?: "zero" | "normalize" | "none";
            /**
             * @description Of a map with x as a place: which outline.
             * @enum {unknown}
             */
            regions?: "us_states" | "countries";
        };
        /** @description Charts and texts side by side. */
        row: {
            /** @description From left to right; items without w share what the others leave. */
            row: components["schemas"]["item"][];
            /** @description Height in grid steps. */
            h?: number;
        };
        /** @description A chart or a text. */
        item: {
            /** @description A chart. */
            chart?: string;
            /** @description Plain words. */
            text?: string;
            /** @description Width in columns of the 12-column grid. */
            w?: number;
        } & (unknown | unknown);
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
