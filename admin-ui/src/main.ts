// before the router
import { confirmNetworkHere } from '@/components/network/confirm-here';
import '@/styles/element-parts';
import '@/styles/tokens.css';
import '@/styles/base.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { configureClient } from '@/api/client';
import App from '@/App.vue';
import '@/styles/element.css';
import { followPreferredLanguage, i18n } from '@/i18n';
import { router } from '@/router';
import { usePreferences } from '@/stores/preferences';
import { useSession } from '@/stores/session';

const app = createApp(App).use(createPinia()).use(i18n);

const preferences = usePreferences();
const session = useSession();
configureClient({
  token: () => session.token,
  language: () => preferences.language,
  onSignedOut: session.onRefused,
});
followPreferredLanguage();
confirmNetworkHere();

app.use(router).mount('#app');
