// What each Claude model accepts, as of November 2026. A name may carry a date: claude-haiku-4-5-20251001.

const alwaysThinks = {thinkingCanBeDisabled: false, thinkingDisplay: 'omitted'};

const model = (version, cacheTokensMin, rest = {}) => ({
  cacheTokensMin,                        // a shorter prefix is silently not cached
  sampling: version <= 4.6,              // temperature, top_p, top_k
  prefill: version < 4.6,                // a last message of the assistant
  budgetedThinking: version < 4.7,       // thinking: {type: "enabled", budget_tokens}
  thinkingCanBeDisabled: true,
  thinkingDisplay: 'summarized',         // unless a request says: 'omitted' sends a thought's signature without its words
  forcedTools: true,                     // tool_choice any and tool
  systemMessages: false,                 // role "system" after a user message
  bindsThinking: version >= 5,           // thinking blocks belong to the whole prefix
  contextTokens: 1_000_000,
  outputTokensMax: 128_000,
  ...rest,
});

export const ANTHROPIC_MODELS = {
  'claude-fable-5-1': model(5.1, 512, {forcedTools: false, ...alwaysThinks, systemMessages: true}),
  'claude-fable-5': model(5, 512, {systemMessages: true}),
  'claude-opus-5-5': model(5.5, 512, {forcedTools: false, ...alwaysThinks, systemMessages: true}),
  'claude-opus-5': model(5, 512, {systemMessages: true}),
  'claude-sonnet-5-5': model(5.5, 1024),
  'claude-sonnet-5': model(5, 1024),
  'claude-haiku-5-5': model(5.5, 1024),
  'claude-opus-4-8': model(4.8, 1024, {systemMessages: true}),
  'claude-opus-4-7': model(4.7, 2048),
  'claude-opus-4-6': model(4.6, 4096),
  'claude-sonnet-4-6': model(4.6, 1024),
  'claude-opus-4-5': model(4.5, 4096),
  'claude-sonnet-4-5': model(4.5, 1024, {contextTokens: 200_000, outputTokensMax: 64_000}),
  'claude-haiku-4-5': model(4.5, 4096, {contextTokens: 200_000, outputTokensMax: 64_000}),
};

export const findModel = (models, name) => (typeof name === 'string' ? models[name] ?? models[name.replace(/-\d{8}$/, '')] : undefined);
