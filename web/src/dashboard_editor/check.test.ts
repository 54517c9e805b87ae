import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after_failure, after_report, check_text, WAITING } from './check';

const refused = { path: 'queries.flights.sql', line: 9, column: 12, code: 'unknown_table', message: "there is no table 'flihgts'" };

test('a document is valid only after its queries were tried', () => {
  const written = after_report(WAITING, { valid: true, errors: [], warnings: [] }, 'trying');
  assert.equal(check_text(written, true), 'Trying the queries…');
  assert.equal(check_text(after_report(WAITING, { valid: false, errors: [refused], warnings: [] }, 'done'), true), '1 error');
  assert.equal(check_text(after_report(WAITING, { valid: true, errors: [], warnings: [] }, 'done'), true), 'Valid, and the queries work');
});

test('what a query was refused for stays marked until it is tried again, other errors go', () => {
  const before = after_report(WAITING, { valid: false, errors: [refused], warnings: [] }, 'done');
  assert.equal(after_report(before, { valid: true, errors: [], warnings: [] }, 'trying').errors, before.errors);
  assert.deepEqual(after_report(before, { valid: true, errors: [], warnings: [] }, 'done').errors, []);
  const misspelt = after_report(WAITING, { valid: false, errors: [{ ...refused, path: 'titel' }], warnings: [] }, 'done');
  assert.deepEqual(after_report(misspelt, { valid: true, errors: [], warnings: [] }, 'trying').errors, []);
});

test('whoever may not try queries is told that they were not tried', () => {
  assert.match(check_text(after_report(WAITING, { valid: true, errors: [], warnings: [] }, 'done'), false), /not tried/);
});

test('a check that failed is no verdict, and says why', () => {
  const failed = after_failure(WAITING, { title: 'Unavailable', status: 503, code: 'unavailable', detail: 'The warehouse does not answer.' });
  assert.equal(failed.state, 'failed');
  assert.equal(check_text(failed, true), 'Not checked: The warehouse does not answer.');
  assert.match(check_text(after_failure(WAITING, null), true), /^Not checked/);
});

test('a refusal with places in the text is a verdict', () => {
  assert.deepEqual(after_failure(WAITING, { title: 'No', status: 400, code: 'invalid_document', errors: [refused] }).errors, [refused]);
});
