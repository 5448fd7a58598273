<?php // Service providers come from XML files, see config.php
