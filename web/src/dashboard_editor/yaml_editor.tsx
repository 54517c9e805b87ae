import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import type { Violation } from '../api/types';
import { quick_fixes, range_in, violation_text } from './marks';

export interface YamlEditorHandle {
  text: () => string;
  replace: (text: string) => void;
  go_to: (violation: Violation) => void;
}

interface Props {
  ref: Ref<YamlEditorHandle>;
  initial: string;
  dark: boolean;
  read_only: boolean;
  errors: Violation[];
  warnings: Violation[];
  on_change: (text: string) => void;
  on_save: () => void;
}

// Greys and weights instead of colours: the text is quiet until something is wrong with it.
const highlighting = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--ink)', fontWeight: '600' },
  { tag: [tags.string, tags.content, tags.attributeValue], color: 'var(--ink-soft)' },
  { tag: tags.comment, color: 'var(--ink-faint)', fontStyle: 'italic' },
  { tag: [tags.number, tags.bool, tags.keyword, tags.typeName], color: 'var(--highlight)' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: 'var(--ink-faint)' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', backgroundColor: 'var(--surface)', color: 'var(--ink)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-faint)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selection) !important' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '4px' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--sans)', fontSize: '13px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderLeft: '3px solid var(--ink-faint)' },
  '.cm-diagnosticAction': { backgroundColor: 'var(--ink)', color: 'var(--surface)', borderRadius: '3px', padding: '2px 8px' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad) 1px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--ink-faint) 1px', textUnderlineOffset: '3px' },
  '.cm-lint-marker': { content: 'none', width: '8px', height: '8px', borderRadius: '50%', margin: '4px 2px 0' },
  '.cm-lint-marker-error': { content: 'none', backgroundColor: 'var(--bad)' },
  '.cm-lint-marker-warning': { content: 'none', backgroundColor: 'var(--ink-faint)' },
  '.cm-panels': { backgroundColor: 'var(--paper)', color: 'var(--ink)', borderColor: 'var(--line)' },
});

export default function YamlEditor({ ref, initial, dark, read_only, errors, warnings, on_change, on_save }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const darkness = useRef(new Compartment());
  const latest = useRef({ on_change, on_save });
  latest.current = { on_change, on_save };

  useEffect(() => {
    const save = {
      key: 'Mod-s',
      preventDefault: true,
      run: () => {
        latest.current.on_save();
        return true;
      },
    };
    // Tab indents, as in any editor; Escape and then Tab leaves it, which keeps the page usable without a mouse.
    const created = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: initial,
        extensions: [
          lineNumbers(),
          foldGutter(),
          lintGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          EditorView.lineWrapping,
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          search({ top: true }),
          yaml(),
          syntaxHighlighting(highlighting),
          theme,
          darkness.current.of(EditorView.darkTheme.of(dark)),
          EditorState.readOnly.of(read_only),
          EditorState.tabSize.of(2),
          EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': 'The dashboard as YAML', 'aria-description': 'Tab indents. Escape, then Tab leaves the text.', 'data-testid': 'yaml' }),
          keymap.of([save, ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...foldKeymap, ...lintKeymap, indentWithTab]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.on_change(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = created;
    return () => created.destroy();
    // The editor is made once; what changes later reaches it through the effects below.
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: darkness.current.reconfigure(EditorView.darkTheme.of(dark)) });
  }, [dark]);

  useEffect(() => {
    const current = view.current;
    if (!current) return;
    const text = current.state.doc.toString();
    const mark = (severity: 'error' | 'warning') => (violation: Violation): Diagnostic => ({
      ...range_in(text, violation),
      severity,
      message: violation_text(violation),
      actions: quick_fixes(text, violation).map((fix) => ({
        name: fix.name,
        apply: (target: EditorView, from: number, to: number) => target.dispatch({ changes: { from, to, insert: fix.insert } }),
      })),
    });
    const diagnostics = [...errors.map(mark('error')), ...warnings.map(mark('warning'))];
    current.dispatch(setDiagnostics(current.state, diagnostics.sort((a, b) => a.from - b.from)));
  }, [errors, warnings]);

  useImperativeHandle(ref, () => ({
    text: () => view.current?.state.doc.toString() ?? initial,
    replace: (text) => {
      const current = view.current;
      if (!current || current.state.doc.toString() === text) return;
      const cursor = Math.min(current.state.selection.main.head, text.length);
      current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: text }, selection: { anchor: cursor } });
    },
    go_to: (violation) => {
      const current = view.current;
      if (!current) return;
      const { from, to } = range_in(current.state.doc.toString(), violation);
      current.dispatch({ selection: { anchor: from, head: to }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      current.focus();
    },
  }));

  return <div className="yaml-editor" ref={place} />;
}
