import { type Forensics, visibleText } from '@parapet/contract/api';
import { AnyLink, PanelLink } from '../../../components/any-link.tsx';
import { FindingCountsOf } from '../../../components/counts.tsx';
import { KeyValues } from '../../../components/key-values.tsx';
import text from '../../../components/text.module.css';
import { Time } from '../../../components/time.tsx';
import { formatCount } from '../../../lib/format.ts';

/** The container or host that it runs in, with its image and open findings. */
export const Software = ({ software }: { readonly software: NonNullable<Forensics['software']> }) => {
  const { assetId, name, imageId, imageName, packageCount, scannedAt } = software;
  return (
    <KeyValues
      items={[
        {
          name: 'Where',
          value: (
            <PanelLink target={{ kind: 'asset', id: assetId }} className={text.link}>
              {visibleText(name)}
            </PanelLink>
          ),
        },
        ...(imageId === undefined
          ? []
          : [
              {
                name: 'Image',
                value: (
                  <PanelLink target={{ kind: 'asset', id: imageId }} className={text.link}>
                    {visibleText(imageName ?? imageId)}
                  </PanelLink>
                ),
              },
            ]),
        {
          name: 'Packages',
          value: (
            <AnyLink to={`/assets/${assetId}?tab=packages`} className={text.link}>
              {formatCount(packageCount)}
            </AnyLink>
          ),
        },
        {
          name: 'Open findings',
          value: (
            <AnyLink to={`/assets/${assetId}?tab=findings`} className={text.link}>
              <FindingCountsOf asset={software} />
            </AnyLink>
          ),
        },
        ...(scannedAt === undefined ? [] : [{ name: 'Scanned', value: <Time at={scannedAt} /> }]),
      ]}
    />
  );
};
