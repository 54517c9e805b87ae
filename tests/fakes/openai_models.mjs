// What each GPT model accepts on /v1/chat/completions, as of November 2026. A name may carry a date: gpt-4.1-2025-04-14.

const classic = {maxTokens: true, sampling: true, toolsWithReasoning: true, reasons: false, cacheWrites: false, contextTokens: 128_000};
const gpt5 = {maxTokens: false, sampling: false, toolsWithReasoning: true, reasons: true, cacheWrites: false, contextTokens: 272_000};
const gpt54 = {...gpt5, toolsWithReasoning: false, contextTokens: 1_000_000};
const gpt56 = {...gpt54, cacheWrites: true};

export const OPENAI_MODELS = {
  'gpt-4o': classic, 'gpt-4o-mini': classic, 'gpt-4.1': {...classic, contextTokens: 1_000_000}, 'gpt-4.1-mini': {...classic, contextTokens: 1_000_000},
  'gpt-5': gpt5, 'gpt-5-mini': gpt5, 'gpt-5-nano': gpt5, 'gpt-5.1': gpt5, 'gpt-5.2': gpt5,
  'gpt-5.4': gpt54, 'gpt-5.4-mini': gpt54, 'gpt-5.5': gpt54,
  'gpt-5.6-sol': gpt56, 'gpt-5.6-luna': gpt56,
  'gpt-6-astra': gpt56, 'gpt-6-sol': gpt56, 'gpt-6-luna': gpt56, 'gpt-6.1-sol': gpt56, 'gpt-6.1-terra': gpt56,
};

/** A model of a server that is only compatible: it takes everything. */
export const ANY_MODEL = {...classic, reasons: true};

export const findModel = (models, name) => (typeof name === 'string' ? models[name] ?? models[name.replace(/-\d{4}-\d\d-\d\d$/, '')] : undefined);
