<?php // Everybody in users.json, with the name of each followed by -pw as the password
$config = ['admin' => ['core:AdminPassword'], 'people' => ['exampleauth:UserPass']];
foreach (json_decode(file_get_contents(getenv('SSP_USERS')), true) as $uid => $user) {
    $config['people']["$uid:$uid-pw"] = array_filter([
        'uid' => [$uid],
        'eduPersonPrincipalName' => [$user['principal'] ?? "$uid@example.edu"],
        'mail' => $user['mail'],
        'displayName' => [$user['name']],
        'cn' => [$user['name']],
        'eduPersonAffiliation' => $user['affiliation'],
        'eduPersonScopedAffiliation' => array_map(fn ($one) => "$one@example.edu", $user['affiliation']),
    ]);
}
