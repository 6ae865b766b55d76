import text from '../../components/text.module.css';
import styles from './sensors.module.css';

/** What is meant and what helps, a paragraph for each thing that happened here. */
export const Advice = ({ about }: { readonly about: readonly (readonly [subject: string, advice: string])[] }) => (
  <ul className={styles.advice}>
    {about
      .filter(([, advice]) => advice !== '')
      .map(([subject, advice]) => (
        <li key={subject}>
          <span className={text.strong}>{subject}:</span> <span className={text.muted}>{advice}</span>
        </li>
      ))}
  </ul>
);
