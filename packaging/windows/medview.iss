; Inno Setup 6 script; `packaging/build.py installer` runs it with the version and the build folder.
;
;   medview-setup.exe                                        asks: for this user alone (no administrator rights) or everyone
;   medview-setup.exe /VERYSILENT /CURRENTUSER /SUPPRESSMSGBOXES /NORESTART
;   medview-setup.exe /VERYSILENT /ALLUSERS /SUPPRESSMSGBOXES /NORESTART /LOG=FILE [/DIR=FOLDER] [/TASKS=""]
;
; /TASKS="" leaves Explorer as it is; /TASKS="associations,desktopicon" takes both. /LANG=english or chinese.

#ifndef Version
  #error run this through packaging/build.py installer
#endif
#if Ver < EncodeVer(6,5,0)
  #error Inno Setup 6.5 or newer is needed: it brings Simplified Chinese
#endif

[Setup]
AppId={{8C2B6F0D-5C0A-4C6B-9B7E-3A7E1C3D9A51}
AppName=medview
AppVersion={#Version}
AppPublisher=medview developers
DefaultDirName={autopf}\medview
DefaultGroupName=medview
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog commandline
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputBaseFilename=medview-{#Version}-setup
SetupIconFile={#Build}\work\icons\medview.ico
UninstallDisplayIcon={app}\medview.exe
LicenseFile={#SourcePath}\..\..\LICENSE
Compression=lzma2/max
SolidCompression=yes
ChangesAssociations=yes
CloseApplications=yes
; Signing: set a tool named "sign" in Inno Setup (Tools, Configure Sign Tools) and pass /DSign to ISCC.
#ifdef Sign
SignTool=sign
SignedUninstaller=yes
#endif

[Languages]
Name: "english"; MessagesFile: "compiler:Default.isl"
Name: "chinese"; MessagesFile: "compiler:Languages\ChineseSimplified.isl"

[CustomMessages]
english.Associations=Offer medview in "Open with", for folders, discs and medview links
chinese.Associations=在“打开方式”中为文件、文件夹、光盘和 medview 链接提供 medview

[Tasks]
Name: "associations"; Description: "{cm:Associations}"
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Files]
Source: "{#Folder}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[InstallDelete]
; Nothing of an older version may be found beside the new one.
Type: filesandordirs; Name: "{app}\parts"
Type: filesandordirs; Name: "{app}\licences"

[Icons]
Name: "{autoprograms}\medview"; Filename: "{app}\medview.exe"; AppUserModelID: "org.medview.medview"
Name: "{autodesktop}\medview"; Filename: "{app}\medview.exe"; Tasks: desktopicon; AppUserModelID: "org.medview.medview"

#include AddBackslash(Build) + "work\registry.iss"

[Run]
Filename: "{app}\medview.exe"; Description: "{cm:LaunchProgram,medview}"; Flags: nowait postinstall skipifsilent
