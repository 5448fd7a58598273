<?php // The identity provider; switches.json changes any of this from one request to the next
$switches = json_decode(@file_get_contents(getenv('SSP_RUN') . '/switches.json') ?: '{}', true);
$bindings = [
    'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
    'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
];
$metadata[getenv('SSP_ENTITY_ID')] = array_merge([
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.response' => true,
    'saml20.sign.assertion' => true,
    'assertion.encryption' => false,
    'sign.logout' => true,
    'validate.logout' => true,
    'validate.authnrequest' => true,
    'redirect.sign' => true,
    'redirect.validate' => true,
    'saml20.sendartifact' => false,
    'SingleSignOnServiceBinding' => $bindings,
    'SingleLogoutServiceBinding' => $bindings,
    'NameIDFormat' => [
        'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
        'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    ],
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'scope' => ['example.edu'],
    'OrganizationName' => ['en' => 'Example University'],
    'OrganizationURL' => ['en' => 'https://example.edu/'],
    'authproc' => [
        5 => ['class' => 'saml:TransientNameID'],
        6 => ['class' => 'saml:PersistentNameID', 'attribute' => 'uid'],
        90 => [
            'class' => 'core:AttributeLimit',
            'uid', 'eduPersonPrincipalName', 'mail', 'displayName', 'cn',
            'eduPersonAffiliation', 'eduPersonScopedAffiliation',
        ],
        100 => ['class' => 'core:AttributeMap', 'name2oid'],
    ],
], $switches);
