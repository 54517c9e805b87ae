import { format_age } from '../charts/format';

export function TimeAgo({ time }: { time: string }) {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return <>{time}</>;
  const seconds = Math.max(0, (Date.now() - ms) / 1000);
  return (
    <time dateTime={time} title={new Date(ms).toUTCString()}>
      {seconds < 45 ? 'just now' : seconds < 14 * 86_400 ? `${format_age(seconds)} ago` : new Date(ms).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })}
    </time>
  );
}
