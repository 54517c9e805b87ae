import { Component, type ReactNode } from 'react';

// A drawing that fails is a note in its place, not the end of the page.
export class DrawingBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <p className="run-notice">This result could not be drawn.</p> : this.props.children;
  }
}
