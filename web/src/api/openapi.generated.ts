// Written by `npm run generate-api` from schemas/openapi.json: change that, and write this anew.

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alive; touches nothing */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Each dependency with its latency; 503 if one that is needed is down */
        get: operations["get_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prometheus text
         * @description Needs credentials.
         */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/teams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's teams; an operator's are all
         * @description Needs credentials.
         */
        get: operations["list_teams"];
        put?: never;
        /**
         * Create a team
         * @description Only for the operator of this server.
         */
        post: operations["create_team"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/teams/{team_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One team
         * @description Needs credentials.
         */
        get: operations["get_team"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a one-time link's token or an API key; sets an http-only cookie */
        post: operations["open_session"];
        /**
         * Sign out
         * @description Needs credentials.
         */
        delete: operations["close_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A token for /open#token=… that signs in as the operator once, within 24 hours
         * @description Only for the operator of this server.
         */
        post: operations["create_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who the caller is, and in which teams
         * @description Needs credentials.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The team's keys, without the keys themselves
         * @description Needs the role admin in the team.
         */
        get: operations["list_keys"];
        put?: never;
        /**
         * Create an API key; the answer alone ever holds it
         * @description Needs the role admin in the team.
         */
        post: operations["create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a key; effective within a second
         * @description Needs the role admin in the team.
         */
        delete: operations["revoke_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A job and how far it is
         * @description Needs the role viewer in the team.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask a job to stop
         * @description Needs the role editor in the team.
         */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/connection-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The kinds of warehouses, and the fields each needs
         * @description Needs credentials.
         */
        get: operations["list_connection_types"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The team's connections
         * @description Needs the role viewer in the team.
         */
        get: operations["list_connections"];
        put?: never;
        /**
         * Store a connection, its credentials sealed
         * @description Needs the role editor in the team.
         */
        post: operations["create_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/connections/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One connection
         * @description Needs the role viewer in the team.
         */
        get: operations["get_connection"];
        put?: never;
        post?: never;
        /**
         * Delete a connection and its credentials
         * @description Needs the role admin in the team.
         */
        delete: operations["delete_connection"];
        options?: never;
        head?: never;
        /**
         * Change a connection's name or fields; new fields are proven before the old ones go
         * @description Needs the role editor in the team.
         */
        patch: operations["update_connection"];
        trace?: never;
    };
    "/v1/onboarding/connections/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Connect for real
         * @description Needs the role editor in the team.
         */
        post: operations["test_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/warehouse-use": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the team and the caller had their warehouses read today, and what of it they may
         * @description Needs the role viewer in the team.
         */
        get: operations["get_warehouse_use"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/catalog/discover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Find a connection's datasets
         * @description Needs the role editor in the team.
         */
        post: operations["discover_datasets"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/catalog/scan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read a dataset's tables; a job with progress
         * @description Needs the role editor in the team.
         */
        post: operations["scan_dataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/catalog/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A connection's datasets
         * @description Needs the role viewer in the team.
         */
        get: operations["list_datasets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/catalog/datasets/{dataset_id}/tables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A dataset's tables
         * @description Needs the role viewer in the team.
         */
        get: operations["list_tables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/catalog/tables/{table_id}/schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A table's columns with what is known of their values
         * @description Needs the role viewer in the team.
         */
        get: operations["get_table_schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/onboarding/catalog/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tables and columns by name and description
         * @description Needs the role viewer in the team.
         */
        get: operations["search_catalog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The team's dashboards, from the index
         * @description Needs the role viewer in the team.
         */
        get: operations["list_dashboards"];
        put?: never;
        /**
         * Save a new dashboard, as application/yaml or in JSON; validated first
         * @description Needs the role editor in the team.
         */
        post: operations["create_dashboard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/teams/{team_id}/dashboards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The dashboards of one team
         * @description Needs credentials.
         */
        get: operations["list_team_dashboards"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Every problem of a document, with its place; nothing is saved
         * @description Needs the role editor in the team.
         */
        post: operations["validate_dashboard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/rebuild-index": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Index and pointers anew from the YAML files
         * @description Needs the role admin in the team.
         */
        post: operations["rebuild_dashboard_index"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metadata of a dashboard
         * @description Needs the role viewer in the team.
         */
        get: operations["get_dashboard"];
        /**
         * Replace a dashboard; If-Match or version guards against a newer one
         * @description Needs the role editor in the team.
         */
        put: operations["replace_dashboard"];
        post?: never;
        /**
         * Delete a dashboard: document, index entry, pointer, cached answers
         * @description Needs the role editor in the team.
         */
        delete: operations["delete_dashboard"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The document itself, with its version as ETag
         * @description Needs the role viewer in the team.
         */
        get: operations["get_dashboard_yaml"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/document": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The document as normalised JSON, for drawing it
         * @description Needs the role viewer in the team.
         */
        get: operations["get_dashboard_document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions, newest first, each with what it changed
         * @description Needs the role viewer in the team.
         */
        get: operations["get_dashboard_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Save an earlier version as the newest
         * @description Needs the role editor in the team.
         */
        post: operations["restore_dashboard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schemas/dashboard/v1.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The JSON Schema of the dashboard document */
        get: operations["get_dashboard_schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All answers of a dashboard; other query names are its parameters
         * @description Needs the role viewer in the team. Other query names are parameters of the document.
         */
        get: operations["get_dashboard_data"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/query/{query_id}/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The answer of one query; other query names are the dashboard's parameters
         * @description Needs the role viewer in the team. Other query names are parameters of the document.
         */
        get: operations["get_query_data"];
        put?: never;
        /**
         * The answer of one query
         * @description Needs the role viewer in the team.
         */
        post: operations["query_data"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The execution plan: stages, dependencies, dry-run bytes and cost
         * @description Needs the role viewer in the team. Other query names are parameters of the document.
         */
        get: operations["explain_dashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A document that is not saved, with its answers; also takes application/yaml
         * @description Needs the role editor in the team. Other query names are parameters of the document.
         */
        post: operations["preview_dashboard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/{slug}/precompute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fill the cache
         * @description Needs the role admin in the team.
         */
        post: operations["precompute_dashboard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/observability/model-calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every request to a model provider, newest first
         * @description Needs the role admin in the team.
         */
        get: operations["list_model_calls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/observability/cost-summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What calls to models have cost
         * @description Needs the role viewer in the team.
         */
        get: operations["summarise_cost"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/observability/tool-cache-stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How often tools were answered from the cache
         * @description Needs the role viewer in the team.
         */
        get: operations["get_tool_cache_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The model providers of this server, and their models
         * @description Needs the role editor in the team.
         */
        get: operations["list_providers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your conversations, newest first
         * @description Needs the role editor in the team.
         */
        get: operations["list_chats"];
        put?: never;
        /**
         * Begin a conversation
         * @description Needs the role editor in the team.
         */
        post: operations["create_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A conversation with its messages
         * @description Needs the role editor in the team.
         */
        get: operations["get_chat"];
        put?: never;
        post?: never;
        /**
         * End a conversation; its transcript is kept
         * @description Needs the role editor in the team.
         */
        delete: operations["end_chat"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/sessions/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was said in a conversation
         * @description Needs the role editor in the team.
         */
        get: operations["list_chat_messages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/sessions/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop the answer that is under way
         * @description Needs the role editor in the team.
         */
        post: operations["stop_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/sessions/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The transcript as JSON lines
         * @description Needs the role editor in the team.
         */
        get: operations["export_chat"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/sessions/{id}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say something; the answer comes as events: token, tool_call, tool_result, warning, fallback, reset, and last done or error. With Last-Event-ID: what you have missed of an answer
         * @description Needs the role editor in the team.
         */
        post: operations["stream_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prompt-blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every version of every prompt block
         * @description Needs the role admin in the team.
         */
        get: operations["list_prompt_blocks"];
        /**
         * Give a prompt block a new version, or make an earlier one active again; conversations that have begun keep theirs
         * @description Needs the role admin in the team.
         */
        put: operations["change_prompt_block"];
        /**
         * Add a prompt block
         * @description Needs the role admin in the team.
         */
        post: operations["create_prompt_block"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dashboards/generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A dashboard from a sentence, as an event stream: session, token, tool_call, tool_result, then done or error
         * @description Needs the role editor in the team.
         */
        post: operations["generate_dashboard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/charts/suggest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A sentence's likeliest readings as charts, best first, and what became of each word; nothing is saved and no model is asked
         * @description Needs the role editor in the team.
         */
        post: operations["suggest_charts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description */
        get: operations["get_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description, for people */
        get: operations["get_docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description RFC 9457 problem details; `code` is stable, `errors` says what is wrong in the input. */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            code: string;
            trace_id: string;
            errors?: {
                path: string;
                line?: number;
                column?: number;
                code: string;
                message: string;
                got?: string;
                allowed?: string[];
                suggestion?: string;
            }[];
        };
        Health: {
            status: string;
            version: string;
            uptime_s: number;
        };
        ReadyReport: {
            status: string;
            checks: {
                name: string;
                ok: boolean;
                latency_ms: number;
                error?: string | null;
            }[];
        };
        NewTeam: {
            /** @description What people call the team */
            name: string;
            /** @description Unique, [a-z0-9-]{1,63}; made from the name when not given */
            slug?: string | null;
        };
        Team: {
            /** Format: uuid */
            id: string;
            name: string;
            slug: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        TeamList: {
            items: {
                /** Format: uuid */
                id: string;
                name: string;
                slug: string;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            next_cursor?: string | null;
        };
        SignIn: {
            token?: string | null;
            key?: string | null;
        };
        Me: {
            /** Format: uuid */
            user_id?: string | null;
            /** @enum {string} */
            role: "viewer" | "editor" | "admin";
            is_operator: boolean;
            /** Format: uuid */
            team_id?: string | null;
            teams: {
                /** Format: uuid */
                id: string;
                name: string;
                slug: string;
                /** @enum {string} */
                role: "viewer" | "editor" | "admin";
            }[];
        };
        IssuedLink: {
            token: string;
        };
        NewApiKey: {
            /** @description What the key is for */
            name: string;
            /**
             * @description What the key may do
             * @enum {string}
             */
            role?: "viewer" | "editor" | "admin";
            /** @description 90 when not given; 0: never */
            expires_in_days?: number | null;
        };
        IssuedApiKey: {
            /** Format: uuid */
            id: string;
            name: string;
            prefix: string;
            /** @enum {string} */
            role: "viewer" | "editor" | "admin";
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at?: string | null;
            key: string;
        };
        ApiKeyList: {
            items: {
                /** Format: uuid */
                id: string;
                /** Format: uuid */
                team_id: string;
                /** Format: uuid */
                user_id: string;
                name: string;
                prefix: string;
                /** @enum {string} */
                role: "viewer" | "editor" | "admin";
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                last_used_at?: string | null;
                /** Format: date-time */
                expires_at?: string | null;
                /** Format: date-time */
                revoked_at?: string | null;
            }[];
            next_cursor?: string | null;
        };
        Job: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            team_id: string;
            kind: string;
            /** @enum {string} */
            status: "queued" | "running" | "completed" | "failed" | "cancelled";
            progress: number;
            detail: Record<string, never>;
            error?: string | null;
            attempts: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            started_at?: string | null;
            /** Format: date-time */
            finished_at?: string | null;
        };
        ConnectionTypes: {
            type: string;
            title: string;
            fields: {
                name: string;
                about: string;
                /** @enum {string} */
                type: "text" | "file" | "choice" | "number" | "toggle";
                secret: boolean;
                required: boolean;
                default_value: string;
                choices: string[];
                minimum?: number | null;
                maximum?: number | null;
                where_it_is: boolean;
                says_others: boolean;
            }[];
        }[];
        NewConnection: {
            /**
             * Format: uuid
             * @description The caller's team; may be left out
             */
            team_id?: string | null;
            /** @description Unique in the team; dashboards name their connection by it */
            name: string;
            /** @description One of GET /v1/connection-types */
            connection_type: string;
            /** @description The type's fields, all text; write-only */
            credentials: {
                [key: string]: string;
            };
            /** @description That may be read of it in a day (UTC); 0: as many as the team may */
            bytes_per_day?: number;
        };
        Connection: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            team_id: string;
            name: string;
            connection_type: string;
            /** @enum {string} */
            status: "testing" | "active" | "failed";
            /** Format: date-time */
            last_tested_at?: string | null;
            last_error?: string | null;
            bytes_per_day: number;
            /** Format: date-time */
            created_at: string;
        };
        ConnectionList: {
            items: {
                /** Format: uuid */
                id: string;
                /** Format: uuid */
                team_id: string;
                name: string;
                connection_type: string;
                /** @enum {string} */
                status: "testing" | "active" | "failed";
                /** Format: date-time */
                last_tested_at?: string | null;
                last_error?: string | null;
                bytes_per_day: number;
                /** Format: date-time */
                created_at: string;
            }[];
            next_cursor?: string | null;
        };
        ConnectionChange: {
            /** @description Another name; refused while dashboards use it */
            name?: string | null;
            /** @description The fields that change, all text; null removes one that may be left out. Other values of fields that say where it is need the secrets again */
            credentials?: {
                [key: string]: string | null;
            };
            /** @description That may be read of it in a day (UTC); 0: as many as the team may */
            bytes_per_day?: number | null;
        };
        ConnectionTest: {
            success: boolean;
            /** @enum {string} */
            status: "testing" | "active" | "failed";
            latency_ms: number;
            steps: {
                /** @enum {string} */
                name: "open" | "resolve" | "connect" | "tls" | "sign_in" | "rights" | "list" | "dry_run" | "read_row";
                ok: boolean;
                latency_ms: number;
                error?: string | null;
                mend?: string | null;
            }[];
            error?: string | null;
        };
        WarehouseUse: {
            /** Format: date-time */
            day: string;
            /** Format: date-time */
            resets_at: string;
            team: {
                bytes: number;
                queries: number;
                bytes_max: number;
                queries_max: number;
                is_nearly_spent: boolean;
            };
            person: {
                bytes: number;
                queries: number;
                bytes_max: number;
                queries_max: number;
                is_nearly_spent: boolean;
            };
            connections: {
                bytes: number;
                queries: number;
                /** Format: uuid */
                connection_id: string;
            }[];
        };
        DatasetList: {
            items: {
                /** Format: uuid */
                id: string;
                /** Format: uuid */
                connection_id: string;
                name: string;
                fully_qualified_name: string;
                description: string;
                location: string;
                table_count: number;
                /** Format: uuid */
                catalog_job_id: string;
                /** @enum {string} */
                catalog_job_status: "pending" | "running" | "completed" | "failed";
                /** Format: date-time */
                discovered_at: string;
                /** Format: date-time */
                last_scanned_at?: string | null;
            }[];
            next_cursor?: string | null;
        };
        ScanRequest: {
            /** Format: uuid */
            dataset_id: string;
        };
        CatalogTableList: {
            items: {
                /** Format: uuid */
                id: string;
                /** Format: uuid */
                dataset_id: string;
                name: string;
                fully_qualified_name: string;
                sql_name: string;
                /** @enum {string} */
                type: "table" | "view" | "materialized_view" | "external";
                description: string;
                row_count: number;
                size_bytes: number;
                /** Format: date-time */
                discovered_at: string;
                /** Format: date-time */
                last_scanned_at?: string | null;
            }[];
            next_cursor?: string | null;
        };
        TableSchema: {
            table: string;
            sql_name: string;
            dataset: string;
            description: string;
            row_count: number;
            size_bytes: number;
            dialect: string;
            column_count: number;
            keys: {
                columns: string[];
                references: string;
                referenced_columns: string[];
            }[];
            columns: {
                name: string;
                /** @enum {string} */
                type: "boolean" | "integer" | "big_integer" | "decimal" | "number" | "text" | "date" | "timestamp" | "time" | "json";
                nullable: boolean;
                description: string;
                partitioning: boolean;
                statistics: {
                    distinct_count?: number | null;
                    null_fraction?: number | null;
                    min?: string | null;
                    max?: string | null;
                    average?: number | null;
                    top_values: {
                        value: string;
                        count: number;
                    }[];
                    exact: boolean;
                    sampled: boolean;
                    rows_read?: number | null;
                    text_date_format?: string | null;
                    /** @enum {string|null} */
                    read_as?: "number" | "seconds" | "date" | "timestamp" | null;
                    read_sql?: string | null;
                    read_unit?: string | null;
                    unread_count?: number | null;
                    unread_values: string[];
                };
            }[];
            other_columns: string[];
        };
        SearchHitList: {
            items: {
                /** @enum {string} */
                kind: "table" | "column";
                /** Format: uuid */
                connection_id: string;
                /** Format: uuid */
                dataset_id: string;
                /** Format: uuid */
                table_id: string;
                dataset: string;
                table: string;
                column?: string | null;
                /** @enum {string|null} */
                type?: "boolean" | "integer" | "big_integer" | "decimal" | "number" | "text" | "date" | "timestamp" | "time" | "json" | null;
                description: string;
            }[];
            next_cursor?: string | null;
        };
        DashboardBody: {
            /** @description The document */
            yaml: string;
            /** @description Name in the URL */
            slug?: string | null;
            /** @description The version that this replaces */
            version?: number | null;
        };
        Dashboard: {
            slug: string;
            title: string;
            description: string;
            gcs_yaml_path: string;
            /** @enum {string} */
            view_type: "analytical" | "operational" | "strategic";
            owner_email?: string | null;
            tags: string[];
            connection: string;
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            access_count: number;
            /** Format: date-time */
            last_accessed?: string | null;
        };
        DashboardPage: {
            items: {
                slug: string;
                title: string;
                description: string;
                gcs_yaml_path: string;
                /** @enum {string} */
                view_type: "analytical" | "operational" | "strategic";
                owner_email?: string | null;
                tags: string[];
                connection: string;
                version: number;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                updated_at: string;
                access_count: number;
                /** Format: date-time */
                last_accessed?: string | null;
            }[];
            next_cursor?: string | null;
            total: number;
        };
        ValidationReport: {
            valid: boolean;
            errors: {
                path: string;
                line: number;
                column: number;
                code: string;
                message: string;
                got: string;
                allowed: string[];
                suggestion: string;
            }[];
            warnings: {
                path: string;
                line: number;
                column: number;
                code: string;
                message: string;
                got: string;
                allowed: string[];
                suggestion: string;
            }[];
        };
        RebuildReport: {
            dashboards: number;
            removed_pointers: number;
            unreadable: {
                path: string;
                message: string;
            }[];
        };
        DashboardHistory: {
            items: {
                version: number;
                /** Format: date-time */
                updated_at?: string | null;
                content_hash: string;
                diff: string;
            }[];
        };
        RestoreDashboard: {
            /** @description An earlier version, see history */
            version: number;
        };
        DashboardData: Record<string, never>;
        QueryData: Record<string, never>;
        QueryDataRequest: {
            parameters?: {
                [key: string]: unknown;
            } | null;
            sort?: string | null;
            limit?: number | null;
            format?: string | null;
        };
        ExplainedPlan: {
            slug: string;
            version: number;
            stages: number;
            queries: {
                id: string;
                stage: number;
                depends_on: string[];
                sql: string;
                bytes_scanned?: number | null;
                /** @enum {string|null} */
                bytes_accuracy?: "exact" | "upper_bound" | "estimate" | null;
                estimated_cost_usd?: number | null;
                bytes_max: number;
                ttl_s: number;
                error?: string | null;
            }[];
        };
        PreviewRequest: {
            /** @description A dashboard document */
            yaml: string;
        };
        DashboardPreview: Record<string, never>;
        PrecomputeReport: {
            queries_executed: number;
            cache_hits: number;
            errors: {
                query_id: string;
                code: string;
                detail: string;
            }[];
        };
        ModelCallList: {
            items: {
                /** Format: uuid */
                id: string;
                /** Format: uuid */
                session_id: string;
                /** Format: uuid */
                user_id: string;
                provider: string;
                model: string;
                step: number;
                attempt: number;
                input_tokens?: number | null;
                cache_read_tokens?: number | null;
                cache_write_tokens?: number | null;
                output_tokens?: number | null;
                usage_complete: boolean;
                cost_usd?: number | null;
                price_known: boolean;
                price_date?: string | null;
                latency_ms: number;
                time_to_first_token_ms?: number | null;
                /** @enum {string} */
                status: "ok" | "error" | "cancelled";
                error_code?: string | null;
                trace_id?: string | null;
                /** Format: date-time */
                created_at: string;
            }[];
            total: number;
            next_offset?: number | null;
        };
        CostSummary: {
            total_cost_usd: number;
            total_tokens: number;
            unpriced_calls: number;
            breakdown: {
                date: string;
                cost: number;
                tokens: number;
            }[];
        };
        ToolCacheStatistics: {
            hit_rate_pct: number;
            total_hits: number;
            total_misses: number;
            total_cached_tools: number;
            storage_size_mb: number;
        };
        ProviderChoices: {
            default_provider: string;
            default_model: string;
            providers: {
                name: string;
                default_model: string;
                models: string[];
                needs_network: boolean;
                available: boolean;
                reason?: string | null;
            }[];
        };
        NewChat: {
            /** @description a provider of this server; the default one when missing */
            provider?: string;
            /** @description a model of that provider; its default when missing */
            model?: string;
            /**
             * Format: uuid
             * @description the warehouse to talk about; the team's only active one when missing
             */
            connection_id?: string;
            /** @description for people; the beginning of the first message when missing */
            title?: string;
        };
        ChatSession: {
            /** Format: uuid */
            session_id: string;
            title: string;
            provider: string;
            model: string;
            /** Format: uuid */
            connection_id?: string | null;
            /** @enum {string} */
            status: "active" | "completed" | "failed";
            total_tokens: number;
            total_cost_usd?: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            ended_at?: string | null;
        };
        ChatList: {
            items: {
                /** Format: uuid */
                session_id: string;
                title: string;
                provider: string;
                model: string;
                /** Format: uuid */
                connection_id?: string | null;
                /** @enum {string} */
                status: "active" | "completed" | "failed";
                total_tokens: number;
                total_cost_usd?: number | null;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                ended_at?: string | null;
            }[];
            next_cursor?: string | null;
        };
        ChatDetail: {
            /** Format: uuid */
            session_id: string;
            title: string;
            provider: string;
            model: string;
            /** Format: uuid */
            connection_id?: string | null;
            /** @enum {string} */
            status: "active" | "completed" | "failed";
            total_tokens: number;
            total_cost_usd?: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            ended_at?: string | null;
            running: boolean;
            last_event_id?: string | null;
            messages: {
                turn: number;
                /** @enum {string} */
                role: "system" | "user" | "assistant" | "tool";
                text: string;
                tool_calls: {
                    id: string;
                    name: string;
                    title: string;
                    arguments: Record<string, never>;
                }[];
                tool_results: {
                    call_id: string;
                    name: string;
                    ok: boolean;
                    /** @enum {string} */
                    outcome: "answer" | "shown" | "saved";
                    content: Record<string, never>;
                }[];
            }[];
        };
        ChatMessages: {
            items: {
                turn: number;
                /** @enum {string} */
                role: "system" | "user" | "assistant" | "tool";
                text: string;
                tool_calls: {
                    id: string;
                    name: string;
                    title: string;
                    arguments: Record<string, never>;
                }[];
                tool_results: {
                    call_id: string;
                    name: string;
                    ok: boolean;
                    /** @enum {string} */
                    outcome: "answer" | "shown" | "saved";
                    content: Record<string, never>;
                }[];
            }[];
        };
        ChatStopped: {
            stopped: boolean;
        };
        ChatEnded: {
            /** Format: uuid */
            session_id: string;
            /** @enum {string} */
            status: "active" | "completed" | "failed";
            /** Format: date-time */
            ended_at?: string | null;
        };
        ChatInput: {
            /** @description what you say; not needed with Last-Event-ID */
            message?: string;
            /** @description the only tools that may be used; all when missing */
            tools?: string[];
            /** @description true: a lost connection does not stop the answer for 30 s */
            resumable?: boolean;
        };
        PromptBlockList: {
            items: {
                /** Format: uuid */
                id: string;
                name: string;
                content: string;
                /** @enum {string} */
                cache_control: "ephemeral" | "none";
                version: number;
                active: boolean;
                position: number;
                /** Format: date-time */
                created_at: string;
            }[];
        };
        PromptBlockInput: {
            /** @description a-z, 0-9 and _ */
            name: string;
            /** @description Markdown, for the model */
            content: string;
            /**
             * @description whether providers should cache it
             * @enum {string}
             */
            cache_control?: "ephemeral" | "none";
            /** @description among the active blocks, smallest first */
            position?: number;
        };
        PromptBlock: {
            /** Format: uuid */
            id: string;
            name: string;
            content: string;
            /** @enum {string} */
            cache_control: "ephemeral" | "none";
            version: number;
            active: boolean;
            position: number;
            /** Format: date-time */
            created_at: string;
        };
        PromptBlockChange: {
            /** @description of the block */
            name: string;
            /** @description the text of the new version */
            content?: string | null;
            /**
             * @description as before when missing
             * @enum {string|null}
             */
            cache_control?: "ephemeral" | "none" | null;
            /** @description as before when missing */
            position?: number | null;
            /** @description instead of content: the version to make active again */
            version?: number | null;
        };
        GenerationRequest: {
            /**
             * Format: uuid
             * @description the warehouse to answer from
             */
            connection_id: string;
            /** @description what the dashboard should show, in one sentence */
            user_prompt: string;
            /** @description a provider of this server; the default one when missing */
            provider?: string;
            /** @description a model of that provider; its default when missing */
            model?: string;
        };
        SuggestionRequest: {
            /**
             * Format: uuid
             * @description the warehouse whose tables are meant
             */
            connection_id: string;
            /** @description what to show, in one sentence */
            sentence: string;
            /** @description a table's name; the one that fits the sentence best when missing */
            table?: string;
            /** @description how many readings, from 1 to 10; 5 when missing */
            top?: number;
            /** @description a document's query whose place a reading may take: its filter() calls are in the readings' queries too, over the same table */
            replaced_sql?: string;
        };
        Suggestions: {
            table: string;
            readings: {
                mark: string;
                x?: string | null;
                y?: string | null;
                color?: string | null;
                size?: string | null;
                facet?: string | null;
                value?: string | null;
                filters: {
                    field: string;
                    op: string;
                    values: string[];
                }[];
                aggregate?: string | null;
                time_unit?: string | null;
                bin?: number | null;
                sort?: string | null;
                limit?: number | null;
                score: number;
                why: string;
                /** @description a query for a chart of it in the warehouse's dialect, with columns named as its sides are, and `value`; null where none shows it as it is */
                sql?: string | null;
            }[];
            account: {
                word: string;
                role: string;
                taken_for?: string | null;
                bound_to?: string | null;
            }[];
        };
    };
    responses: {
        /** @description What went wrong */
        problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
        team_id: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyReport"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_metrics: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    list_teams: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    create_team: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTeam"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_team: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                team_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    open_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    close_session: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    create_link: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedLink"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_me: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_keys: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    create_key: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiKey"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedApiKey"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    revoke_key: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    get_job: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    cancel_job: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_connection_types: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionTypes"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_connections: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description The team, for a caller of several */
                team_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    create_connection: {
        parameters: {
            query?: {
                /** @description true: connect first, and store only what works */
                test?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewConnection"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_connection: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    delete_connection: {
        parameters: {
            query?: {
                /** @description true: even if dashboards use it */
                force?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    update_connection: {
        parameters: {
            query?: {
                /** @description true: another name even if dashboards use the old one */
                force?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionChange"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    test_connection: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionTest"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_warehouse_use: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WarehouseUse"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    discover_datasets: {
        parameters: {
            query: {
                /** @description The connection */
                connection_id: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    scan_dataset: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScanRequest"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_datasets: {
        parameters: {
            query: {
                /** @description The connection */
                connection_id: string;
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_tables: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogTableList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_table_schema: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                table_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TableSchema"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    search_catalog: {
        parameters: {
            query: {
                /** @description Text to look for */
                q: string;
                /** @description Only in this connection */
                connection_id?: string;
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchHitList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_dashboards: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description analytical, operational or strategic */
                view_type?: string;
                /** @description The owner's email address */
                owner?: string;
                /** @description Words of the slug, title, description or tags */
                q?: string;
                /** @description title, slug, created_at, updated_at, access_count or last_accessed; a minus for descending; -updated_at when not given */
                sort?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DashboardPage"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    create_dashboard: {
        parameters: {
            query?: {
                /** @description false: save without trying the queries, when the connection cannot be reached */
                dry_run?: string;
                /** @description Name in the URL, for a body that is YAML */
                slug?: string;
                /** @description The version that this replaces, for a body that is YAML; or If-Match */
                version?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DashboardBody"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dashboard"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_team_dashboards: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description analytical, operational or strategic */
                view_type?: string;
                /** @description The owner's email address */
                owner?: string;
                /** @description Words of the slug, title, description or tags */
                q?: string;
                /** @description title, slug, created_at, updated_at, access_count or last_accessed; a minus for descending; -updated_at when not given */
                sort?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                team_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DashboardPage"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    validate_dashboard: {
        parameters: {
            query?: {
                /** @description true: also try the queries, which needs the connection */
                dry_run?: string;
                /** @description Name in the URL, for a body that is YAML */
                slug?: string;
                /** @description The version that this replaces, for a body that is YAML; or If-Match */
                version?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DashboardBody"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ValidationReport"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    rebuild_dashboard_index: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RebuildReport"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_dashboard: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dashboard"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    replace_dashboard: {
        parameters: {
            query?: {
                /** @description false: save without trying the queries, when the connection cannot be reached */
                dry_run?: string;
                /** @description Name in the URL, for a body that is YAML */
                slug?: string;
                /** @description The version that this replaces, for a body that is YAML; or If-Match */
                version?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DashboardBody"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dashboard"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    delete_dashboard: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    get_dashboard_yaml: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    get_dashboard_document: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    get_dashboard_history: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 101; 20 when not given */
                limit?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DashboardHistory"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    restore_dashboard: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RestoreDashboard"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dashboard"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_dashboard_schema: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    get_dashboard_data: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DashboardData"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_query_data: {
        parameters: {
            query?: {
                /** @description A column, or -column for the largest first */
                sort?: string;
                /** @description At most this many rows */
                limit?: string;
                /** @description csv or json: the whole answer as an export, past the limit on rows */
                format?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
                query_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryData"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    query_data: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
                query_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueryDataRequest"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryData"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    explain_dashboard: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExplainedPlan"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    preview_dashboard: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewRequest"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DashboardPreview"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    precompute_dashboard: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrecomputeReport"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_model_calls: {
        parameters: {
            query?: {
                /** @description of one conversation */
                session_id?: string;
                /** @description of one provider */
                provider?: string;
                /** @description from this day or time on */
                start_date?: string;
                /** @description until this time, or the end of this day */
                end_date?: string;
                /** @description 1 to 1,000; default 100 */
                limit?: string;
                /** @description how many to leave out */
                offset?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelCallList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    summarise_cost: {
        parameters: {
            query?: {
                /** @description whose; yours when missing; admins: anybody's, or * for the whole team */
                user_id?: string;
                /** @description day, week or month */
                group_by?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostSummary"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_tool_cache_stats: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolCacheStatistics"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_providers: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderChoices"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_chats: {
        parameters: {
            query?: {
                /** @description At most this many, 1 to 1,000; 100 when not given */
                limit?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    create_chat: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewChat"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatSession"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_chat: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatDetail"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    end_chat: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatEnded"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_chat_messages: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatMessages"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    stop_chat: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatStopped"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    export_chat: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    stream_chat: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatInput"];
            };
        };
        responses: {
            /** @description Server-Sent Events */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    list_prompt_blocks: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromptBlockList"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    change_prompt_block: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PromptBlockChange"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromptBlock"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    create_prompt_block: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PromptBlockInput"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromptBlock"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    generate_dashboard: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GenerationRequest"];
            };
        };
        responses: {
            /** @description Server-Sent Events */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["problem"];
        };
    };
    suggest_charts: {
        parameters: {
            query?: {
                /** @description The team to act in, for callers with several; the header X-Bridge-Team does the same. */
                team_id?: components["parameters"]["team_id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SuggestionRequest"];
            };
        };
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Suggestions"];
                };
            };
            default: components["responses"]["problem"];
        };
    };
    get_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
    get_docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["problem"];
        };
    };
}
