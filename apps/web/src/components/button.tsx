import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import styles from './button.module.css';
import { Hint } from './hint.tsx';

export type ButtonLook = 'plain' | 'primary' | 'quiet' | 'danger';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly look?: ButtonLook;
  readonly small?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
};

export const Button = ({ look = 'plain', small = false, className, type = 'button', ...rest }: ButtonProps) => (
  <button type={type} className={`${buttonClass(look, small)} ${className ?? ''}`} {...rest} />
);

/** The look of a button, for links. */
export const buttonClass = (look: ButtonLook = 'plain', small = false): string =>
  [styles.button, look === 'plain' ? '' : styles[look], small ? styles.small : ''].filter(Boolean).join(' ');

type IconButtonProps = Omit<ButtonProps, 'children'> & { readonly label: string; readonly icon: ReactNode };

/** A button that shows only an icon; its label is its name and its hint. */
export const IconButton = ({ label, icon, className, look = 'quiet', ...rest }: IconButtonProps) => (
  <Hint text={label}>
    <Button look={look} aria-label={label} className={`${styles.icon} ${className ?? ''}`} {...rest}>
      {icon}
    </Button>
  </Hint>
);
