// Content as Anthropic's Messages API says it: as events of a stream, or as one message.
import {makeId, seededRandom, tokensOf} from './wire.mjs';

const bytesOf = (value) => Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value ?? ''));

/** Blocks as they are in a whole message: with ids and signatures. `sign(content, words)` signs what comes after `content`. */
export function finishBlocks(content, {random, sign, hideThoughts}) {
  const blocks = [];
  for (const block of content) {
    if (block.type === 'thinking') {
      const thinking = hideThoughts ? '' : block.text ?? block.thinking ?? '';
      blocks.push({type: 'thinking', thinking, signature: block.signature ?? sign(blocks, thinking)});
    } else if (block.type === 'redacted_thinking') {
      blocks.push({type: 'redacted_thinking', data: block.data ?? sign(blocks, 'redacted')});
    } else if (block.type === 'tool_use') {
      blocks.push({type: 'tool_use', id: block.id ?? makeId('toolu_01', random), name: block.name, input: block.input ?? {}});
    } else if (block.type === 'text') {
      blocks.push({type: 'text', text: block.text});
    } else {
      blocks.push(withoutScript(block));  // kinds that no client knows yet go out as they are written
    }
  }
  return blocks;
}

const withoutScript = ({deltas, fragments, ...block}) => block;

export function outputTokens(blocks) {
  const of = (kinds) => tokensOf(blocks.filter(({type}) => kinds.includes(type)).reduce((sum, block) => sum + bytesOf(block.text ?? block.thinking ?? block.input), 0));
  const thinking = of(['thinking', 'redacted_thinking']);
  return {output: Math.max(1, thinking + of(['text', 'tool_use'])), thinking};
}

export function wholeMessage({id, model, blocks, stopReason, stopDetails, usage}) {
  return {id, type: 'message', role: 'assistant', model, content: blocks, stop_reason: stopReason, stop_sequence: null, ...(stopDetails ? {stop_details: stopDetails} : {}), usage};
}

/** The frames of a stream. `scripted` are the blocks as the script wrote them: they may prescribe `fragments` or `deltas`. */
export function messageFrames({id, model, blocks, scripted, stopReason, stopDetails, startUsage, endUsage, seed, padding, pings, pieceLength}) {
  const random = seededRandom(seed);
  const frames = [];
  const add = (data) => frames.push({event: data.type, data, padding: padding ? Math.floor(random() * 12) : 0});
  add({type: 'message_start', message: {id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage: startUsage}});
  blocks.forEach((block, index) => {
    add({type: 'content_block_start', index, content_block: openingOf(block)});
    if (pings && index === 0) frames.push(PING);
    for (const delta of deltasOf(block, scripted[index], random, pieceLength)) add({type: 'content_block_delta', index, delta});
    add({type: 'content_block_stop', index});
  });
  add({type: 'message_delta', delta: {stop_reason: stopReason, stop_sequence: null, ...(stopDetails ? {stop_details: stopDetails} : {})}, usage: endUsage});
  add({type: 'message_stop'});
  return frames;
}

export const PING = {event: 'ping', data: '{"type": "ping"}'};

function openingOf(block) {
  if (block.type === 'text') return {type: 'text', text: ''};
  if (block.type === 'thinking') return {type: 'thinking', thinking: '', signature: ''};
  if (block.type === 'tool_use') return {...block, input: {}};
  return block;
}

function deltasOf(block, scripted, random, pieceLength) {
  if (scripted.deltas) return scripted.deltas;
  if (block.type === 'text') return textPieces(block.text, pieceLength).map((text) => ({type: 'text_delta', text}));
  if (block.type === 'thinking') {
    const thoughts = block.thinking ? textPieces(block.thinking, pieceLength).map((thinking) => ({type: 'thinking_delta', thinking})) : [];
    return [...thoughts, {type: 'signature_delta', signature: block.signature}];
  }
  if (block.type !== 'tool_use') return [];
  const fragments = scripted.fragments ?? ['', ...argumentPieces(JSON.stringify(block.input), random, pieceLength)];
  return fragments.map((fragment) => ({type: 'input_json_delta', partial_json: fragment}));
}

/** About a word each, or `pieceLength` characters. */
export function textPieces(text, pieceLength) {
  if (pieceLength) return piecesOf(text, () => pieceLength);
  return text.match(/\s*\S{1,24}|\s+$/g) ?? [];
}

/** JSON cut in arbitrary places, but never inside a character, in at least two, or into `pieceLength` characters each; none at all for {}. */
export function argumentPieces(text, random, pieceLength) {
  if (text === '{}') return [];
  const most = Math.ceil(text.length / 2);
  return piecesOf(text, () => pieceLength ?? Math.min(1 + Math.floor(random() * 14), most));
}

function piecesOf(text, nextLength) {
  const characters = Array.from(text);
  const pieces = [];
  for (let at = 0; at < characters.length;) {
    const length = nextLength();
    pieces.push(characters.slice(at, at + length).join(''));
    at += length;
  }
  return pieces;
}
