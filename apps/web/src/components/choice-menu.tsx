import { Menu } from '@base-ui/react/menu';
import { Check, ChevronDown } from 'lucide-react';
import styles from './choice-menu.module.css';
import popover from './popover.module.css';

type ChoiceMenuProps<T extends string> = {
  /** What is chosen, e.g. `Group by`. */
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
};

/** A choice of one, shown as a chip: `Group by fix`. */
export const ChoiceMenu = <T extends string>({ label, value, options, onChange }: ChoiceMenuProps<T>) => (
  <Menu.Root>
    <Menu.Trigger className={styles.chip}>
      {label} <b>{options.find((option) => option.value === value)?.label ?? value}</b>
      <ChevronDown size={13} aria-hidden />
    </Menu.Trigger>
    <Menu.Portal>
      <Menu.Positioner sideOffset={6} align="end" className={popover.positioner}>
        <Menu.Popup className={popover.popup}>
          <Menu.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
            {options.map((option) => (
              <Menu.RadioItem key={option.value} value={option.value} className={popover.item} closeOnClick>
                <span className={popover.check}>
                  <Menu.RadioItemIndicator>
                    <Check size={14} aria-hidden />
                  </Menu.RadioItemIndicator>
                </span>
                {option.label}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  </Menu.Root>
);

type ActionMenuProps = {
  readonly label: string;
  readonly items: readonly { readonly label: string; readonly href?: string; readonly run?: () => void }[];
};

/** A button with several acts or downloads. */
export const ActionMenu = ({ label, items }: ActionMenuProps) => (
  <Menu.Root>
    <Menu.Trigger className={styles.chip}>
      <b>{label}</b>
      <ChevronDown size={13} aria-hidden />
    </Menu.Trigger>
    <Menu.Portal>
      <Menu.Positioner sideOffset={6} align="end" className={popover.positioner}>
        <Menu.Popup className={popover.popup}>
          {items.map((item) =>
            item.href === undefined ? (
              <Menu.Item key={item.label} className={popover.item} onClick={() => item.run?.()}>
                {item.label}
              </Menu.Item>
            ) : (
              <Menu.LinkItem key={item.label} href={item.href} download className={popover.item}>
                {item.label}
              </Menu.LinkItem>
            ),
          )}
        </Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  </Menu.Root>
);
