import styles from './blind-pattern.module.css';

/** The hatching of what a sensor could not see; drawings name it by its id. */
export const BlindPattern = ({ id }: { readonly id: string }) => (
  <defs>
    <pattern id={id} width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width="7" height="7" className={styles.ground} />
      <rect width="2.4" height="7" className={styles.line} />
    </pattern>
  </defs>
);
