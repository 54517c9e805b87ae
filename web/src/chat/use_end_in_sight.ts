import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';

// Within this distance of its end, a text is followed as it grows.
const NEAR_PX = 80;

// Keeps the end of what grows inside `place` in sight, unless the person has scrolled up to read.
export function use_end_in_sight(key: string): { place: RefObject<HTMLDivElement | null>; away: boolean; to_end: () => void } {
  const place = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [away, set_away] = useState(false);

  useEffect(() => {
    const element = place.current!;
    following.current = true;
    let height = element.scrollHeight;
    const follow = () => {
      if (following.current) element.scrollTop = element.scrollHeight;
      height = element.scrollHeight;
    };
    const on_scroll = () => {
      // A scroll that the growing itself brought about says nothing of what the person wants.
      if (element.scrollHeight !== height && following.current) return;
      following.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      set_away(!following.current);
    };
    const observer = new ResizeObserver(follow);
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    element.addEventListener('scroll', on_scroll, { passive: true });
    follow();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', on_scroll);
    };
  }, [key]);

  const to_end = useCallback(() => {
    following.current = true;
    set_away(false);
    const element = place.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);
  return { place, away, to_end };
}
