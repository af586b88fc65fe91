package oauth

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// catalog is one language of the pages. {service}, {client}, {account} and
// {minutes} stand for the names and the number.
type catalog struct {
	lang string

	title, lead, account, password, signIn, cancel, note string

	consentTitle, consentLead, consentNote, consentScopes, allow, deny string

	empty, wrong, stale, limited, limitedMinute string

	openSecure, reference string

	errors map[errorPage]errorText
}

type errorText struct{ title, message string }

// The first catalog is the default.
var catalogs = []*catalog{&english, &korean, &japanese}

var languages = language.NewMatcher([]language.Tag{language.English, language.Korean, language.Japanese})

// maxAcceptLanguage bounds the header that is looked at; browsers send less
// than a tenth of it.
const maxAcceptLanguage = 1000

// catalogFor picks the language by the Accept-Language header (RFC 9110
// section 12.5.4), English when it names none of ours.
func catalogFor(acceptLanguage string) *catalog {
	if acceptLanguage == "" || len(acceptLanguage) > maxAcceptLanguage {
		return catalogs[0]
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return catalogs[0]
	}
	_, i, confidence := languages.Match(tags...)
	if confidence == language.No {
		return catalogs[0]
	}
	return catalogs[i]
}

func (c *catalog) loginText(service, client string) LoginText {
	fill := strings.NewReplacer("{service}", service, "{client}", client).Replace
	return LoginText{
		Title:    fill(c.title),
		Lead:     fill(c.lead),
		Account:  c.account,
		Password: c.password,
		SignIn:   c.signIn,
		Cancel:   c.cancel,
		Note:     fill(c.note),
	}
}

func (c *catalog) consentText(service, client, account string) ConsentText {
	fill := strings.NewReplacer("{service}", service, "{client}", client, "{account}", account).Replace
	return ConsentText{
		Title:  fill(c.consentTitle),
		Lead:   fill(c.consentLead),
		Note:   fill(c.consentNote),
		Scopes: c.consentScopes,
		Allow:  c.allow,
		Deny:   c.deny,
	}
}

func (c *catalog) tooMany(retryAfter time.Duration) string {
	minutes := int64((retryAfter + time.Minute - 1) / time.Minute)
	if minutes <= 1 {
		return c.limitedMinute
	}
	return strings.ReplaceAll(c.limited, "{minutes}", strconv.FormatInt(minutes, 10))
}

var english = catalog{
	lang:     "en",
	title:    "Sign in to {service}",
	lead:     "to continue to {client}",
	account:  "Account",
	password: "Password",
	signIn:   "Sign in",
	cancel:   "Cancel",
	note:     "When you sign in, {client} can see your channels and manage your live broadcasts on {service}.",

	consentTitle:  "Allow {client} to use your account?",
	consentLead:   "You are signed in to {service} as {account}.",
	consentNote:   "When you allow this, {client} can see your channels and manage your live broadcasts on {service}.",
	consentScopes: "Permissions",
	allow:         "Allow",
	deny:          "Don’t allow",

	empty:         "Enter your account and your password.",
	wrong:         "The account or the password is not right. Check both and try again.",
	stale:         "This page was open for too long, or your browser does not accept cookies. Please sign in again.",
	limited:       "Too many failed attempts. Please try again in {minutes} minutes.",
	limitedMinute: "Too many failed attempts. Please try again in a minute.",

	openSecure: "Open the secure page",
	reference:  "Reference",

	errors: map[errorPage]errorText{
		pageUnknownClient: {"This app is not registered", "The app that sent you here is not known to this service. Go back to the app and contact its support if this happens again."},
		pageBadRedirect:   {"This sign-in link is not valid", "The app asked to return to an address that is not registered, so the sign-in was stopped to protect your account. Contact the app’s support."},
		pageBadRequest:    {"This request could not be read", "Something is missing or wrong in the request. Go back to the app and start signing in again."},
		pageInsecure:      {"A secure connection is needed", "To protect your password, you can sign in only over a secure connection (HTTPS)."},
		pageUnavailable:   {"Sign-in is not available right now", "Please try again in a moment."},
		pageFailed:        {"Something went wrong", "The sign-in could not be completed. Go back to the app and try again. If it happens again, contact support."},
		pageExpired:       {"This page can no longer be used", "Go back to the app and start signing in again."},
	},
}

var korean = catalog{ //nolint:gosec // labels, no credentials
	lang:     "ko",
	title:    "{service} 로그인",
	lead:     "{client}에서 계속하려면 로그인해 주세요.",
	account:  "아이디",
	password: "비밀번호",
	signIn:   "로그인",
	cancel:   "취소",
	note:     "로그인하면 {client}에서 {service}의 내 채널을 확인하고 라이브 방송을 관리할 수 있습니다.",

	consentTitle:  "{client}에 접근을 허용하시겠습니까?",
	consentLead:   "{account} 계정으로 {service}에 로그인되어 있습니다.",
	consentNote:   "허용하면 {client}에서 {service}의 내 채널을 확인하고 라이브 방송을 관리할 수 있습니다.",
	consentScopes: "권한",
	allow:         "허용",
	deny:          "허용 안 함",

	empty:         "아이디와 비밀번호를 입력해 주세요.",
	wrong:         "아이디 또는 비밀번호가 올바르지 않습니다. 다시 확인해 주세요.",
	stale:         "페이지를 연 지 오래되었거나 브라우저에서 쿠키를 사용할 수 없습니다. 다시 로그인해 주세요.",
	limited:       "로그인에 여러 번 실패했습니다. {minutes}분 후에 다시 시도해 주세요.",
	limitedMinute: "로그인에 여러 번 실패했습니다. 1분 후에 다시 시도해 주세요.",

	openSecure: "보안 페이지 열기",
	reference:  "문의 번호",

	errors: map[errorPage]errorText{
		pageUnknownClient: {"등록되지 않은 앱입니다", "로그인을 요청한 앱이 이 서비스에 등록되어 있지 않습니다. 앱으로 돌아가 다시 시도하고, 문제가 계속되면 앱 고객센터에 문의해 주세요."},
		pageBadRedirect:   {"올바르지 않은 로그인 링크입니다", "앱이 등록되지 않은 주소로 이동하도록 요청하여, 계정을 보호하기 위해 로그인을 중단했습니다. 앱 고객센터에 문의해 주세요."},
		pageBadRequest:    {"요청을 처리할 수 없습니다", "요청에 빠졌거나 잘못된 내용이 있습니다. 앱으로 돌아가 다시 로그인해 주세요."},
		pageInsecure:      {"보안 연결이 필요합니다", "비밀번호를 보호하기 위해 보안 연결(HTTPS)에서만 로그인할 수 있습니다."},
		pageUnavailable:   {"지금은 로그인할 수 없습니다", "잠시 후 다시 시도해 주세요."},
		pageFailed:        {"문제가 발생했습니다", "로그인을 완료하지 못했습니다. 앱으로 돌아가 다시 시도해 주세요. 문제가 계속되면 고객센터에 문의해 주세요."},
		pageExpired:       {"더 이상 사용할 수 없는 페이지입니다", "앱으로 돌아가 다시 로그인해 주세요."},
	},
}

var japanese = catalog{ //nolint:gosec // labels, no credentials
	lang:     "ja",
	title:    "{service}にログイン",
	lead:     "{client}で続けるには、ログインしてください。",
	account:  "アカウント",
	password: "パスワード",
	signIn:   "ログイン",
	cancel:   "キャンセル",
	note:     "ログインすると、{client}で{service}のチャンネルの確認とライブ配信の管理ができるようになります。",

	consentTitle:  "{client}にアクセスを許可しますか？",
	consentLead:   "{service}に{account}としてログインしています。",
	consentNote:   "許可すると、{client}で{service}のチャンネルの確認とライブ配信の管理ができるようになります。",
	consentScopes: "権限",
	allow:         "許可する",
	deny:          "許可しない",

	empty:         "アカウントとパスワードを入力してください。",
	wrong:         "アカウントまたはパスワードが正しくありません。ご確認のうえ、もう一度お試しください。",
	stale:         "ページを開いてから時間が経過したか、ブラウザーでCookieが無効になっています。もう一度ログインしてください。",
	limited:       "ログインに複数回失敗しました。{minutes}分後にもう一度お試しください。",
	limitedMinute: "ログインに複数回失敗しました。1分後にもう一度お試しください。",

	openSecure: "安全なページを開く",
	reference:  "お問い合わせ番号",

	errors: map[errorPage]errorText{
		pageUnknownClient: {"登録されていないアプリです", "ログインを要求したアプリは、このサービスに登録されていません。アプリに戻ってもう一度お試しください。解決しない場合は、アプリのサポートにお問い合わせください。"},
		pageBadRedirect:   {"ログインリンクが正しくありません", "登録されていないアドレスへの移動が要求されたため、アカウントを保護するためにログインを中止しました。アプリのサポートにお問い合わせください。"},
		pageBadRequest:    {"リクエストを処理できません", "リクエストの内容に不足または誤りがあります。アプリに戻って、もう一度ログインしてください。"},
		pageInsecure:      {"安全な接続が必要です", "パスワードを保護するため、安全な接続（HTTPS）でのみログインできます。"},
		pageUnavailable:   {"現在ログインできません", "しばらくしてから、もう一度お試しください。"},
		pageFailed:        {"問題が発生しました", "ログインを完了できませんでした。アプリに戻ってもう一度お試しください。解決しない場合は、サポートにお問い合わせください。"},
		pageExpired:       {"このページは使用できなくなりました", "アプリに戻って、もう一度ログインしてください。"},
	},
}
