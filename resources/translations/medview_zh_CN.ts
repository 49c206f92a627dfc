<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>About</name>
    <message>
        <source>About medview</source>
        <translation>关于 medview</translation>
    </message>
    <message>
        <source>A viewer of medical images that runs neural networks on what it shows.</source>
        <translation>医学影像阅片软件，可直接对所显示的影像运行神经网络。</translation>
    </message>
    <message>
        <source>Not a medical device. Results of models are for research, not for diagnosis.</source>
        <translation>本软件不是医疗器械。模型结果仅供研究，不得用于诊断。</translation>
    </message>
    <message>
        <source>Apache License 2.0. Icons: Phosphor (MIT).</source>
        <translation>Apache 许可证 2.0。图标：Phosphor（MIT）。</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>Not now: {0}</source>
        <translation>现在不可用：{0}</translation>
    </message>
    <message>
        <source>All measurements and marks</source>
        <translation>所有测量和标记</translation>
    </message>
</context>
<context>
    <name>AiPanel</name>
    <message>
        <source>Segmentation</source>
        <translation>分割</translation>
    </message>
    <message>
        <source>Detection</source>
        <translation>检测</translation>
    </message>
    <message>
        <source>Classification</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Measured values</source>
        <translation>测量数值</translation>
    </message>
    <message>
        <source>Image to image</source>
        <translation>图像到图像</translation>
    </message>
    <message>
        <source>Segments what is pointed at</source>
        <translation>点选分割</translation>
    </message>
    <message>
        <source>built in</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>installed</source>
        <translation>已安装</translation>
    </message>
    <message>
        <source>about {0} s left</source>
        <translation>约剩 {0} 秒</translation>
    </message>
    <message>
        <source>about {0} min left</source>
        <translation>约剩 {0} 分钟</translation>
    </message>
    <message>
        <source>not trusted yet</source>
        <translation>尚未信任</translation>
    </message>
    <message>
        <source>Trust this package</source>
        <translation>信任此模型包</translation>
    </message>
    <message>
        <source>You know where it comes from; a changed network is a stranger again</source>
        <translation>您知道它的来源；网络一旦改变，需重新确认</translation>
    </message>
    <message>
        <source>Cancel this run</source>
        <translation>取消此次运行</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>正在启动</translation>
    </message>
    <message>
        <source>{0}: {1} of {2}</source>
        <translation>{0}：第 {1} 项，共 {2} 项</translation>
    </message>
    <message>
        <source>Show the findings</source>
        <translation>查看发现</translation>
    </message>
    <message>
        <source>Models for this series</source>
        <translation>适用于本序列的模型</translation>
    </message>
    <message>
        <source>Compute on</source>
        <translation>计算设备</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>数值精度</translation>
    </message>
    <message>
        <source>The same network in other numbers, as the package brings it: quicker, a little less exact</source>
        <translation>同一网络的其他数值精度版本（由模型包提供）：更快，但精度略低</translation>
    </message>
    <message>
        <source>One run after the other; without it the time point that is looked at</source>
        <translation>依次逐个运行；不勾选时只运行当前查看的时间点</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Choose the series…</source>
        <translation>选择序列…</translation>
    </message>
    <message>
        <source>This model looks at several series at once</source>
        <translation>此模型同时读取多个序列</translation>
    </message>
    <message>
        <source>The model is not meant for this series. You can run it knowingly; its result is marked.</source>
        <translation>该模型不适用于本序列。您可以在知情的情况下运行，其结果会带有标记。</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行任务</translation>
    </message>
    <message>
        <source>Install or import a network…</source>
        <translation>安装或导入网络…</translation>
    </message>
    <message>
        <source>Or drop a package, a MONAI or nnU-Net folder or an ONNX file here</source>
        <translation>或将模型包、MONAI 或 nnU-Net 文件夹、ONNX 文件拖到此处</translation>
    </message>
    <message>
        <source>Models and devices…</source>
        <translation>模型与设备…</translation>
    </message>
    <message>
        <source>Open a series first.</source>
        <translation>请先打开一个序列。</translation>
    </message>
    <message>
        <source>No model packages are installed.</source>
        <translation>尚未安装模型包。</translation>
    </message>
    <message>
        <source>None of the models is meant for this series.</source>
        <translation>没有适用于本序列的模型。</translation>
    </message>
    <message>
        <source>Not meant for this series</source>
        <translation>不适用于本序列</translation>
    </message>
    <message>
        <source>Point at something</source>
        <translation>点选对象</translation>
    </message>
    <message>
        <source>Point anyway</source>
        <translation>仍然点选</translation>
    </message>
    <message>
        <source>Run anyway</source>
        <translation>仍要运行</translation>
    </message>
    <message>
        <source>All {0} time points</source>
        <translation>全部 {0} 个时间点</translation>
    </message>
    <message>
        <source>As published</source>
        <translation>发布版本</translation>
    </message>
</context>
<context>
    <name>Backup</name>
    <message>
        <source>Back up marks, decisions and results (with patient data)</source>
        <translation>备份标记、判定和结果（含患者数据）</translation>
    </message>
    <message>
        <source>Restore a backup: adds what is missing, replaces nothing newer</source>
        <translation>恢复备份：补充缺少的内容，不替换更新的内容</translation>
    </message>
</context>
<context>
    <name>Channels</name>
    <message>
        <source>Series for the model</source>
        <translation>模型所用序列</translation>
    </message>
    <message>
        <source>{0} looks at several series at once. Which is which?</source>
        <translation>{0} 同时读取多个序列。请指定各通道对应的序列。</translation>
    </message>
    <message>
        <source>Series for {0}</source>
        <translation>{0} 对应的序列</translation>
    </message>
    <message>
        <source>choose…</source>
        <translation>请选择…</translation>
    </message>
    <message>
        <source>another frame of reference</source>
        <translation>不同参考坐标系</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>The same series stands for two inputs.</source>
        <translation>同一序列被用于两个通道。</translation>
    </message>
    <message>
        <source>without description</source>
        <translation>无描述</translation>
    </message>
    <message>
        <source>{0} images</source>
        <translation>{0} 幅图像</translation>
    </message>
</context>
<context>
    <name>ColourMap</name>
    <message>
        <source>Grey</source>
        <translation>灰阶</translation>
    </message>
    <message>
        <source>Inverted grey</source>
        <translation>反转灰阶</translation>
    </message>
    <message>
        <source>Hot iron</source>
        <translation>热铁</translation>
    </message>
    <message>
        <source>PET</source>
        <translation>PET 色图</translation>
    </message>
    <message>
        <source>Hot metal blue</source>
        <translation>热金属蓝</translation>
    </message>
    <message>
        <source>PET 20 steps</source>
        <translation>PET 20 级</translation>
    </message>
    <message>
        <source>Rainbow</source>
        <translation>彩虹</translation>
    </message>
    <message>
        <source>Viridis (even lightness)</source>
        <translation>Viridis（亮度均匀）</translation>
    </message>
    <message>
        <source>Add a colour map</source>
        <translation>添加色图</translation>
    </message>
    <message>
        <source>Colour maps</source>
        <translation>色图文件</translation>
    </message>
</context>
<context>
    <name>Command</name>
    <message>
        <source>Open folder…</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open files…</source>
        <translation>打开文件…</translation>
    </message>
    <message>
        <source>Recent studies…</source>
        <translation>最近的检查…</translation>
    </message>
    <message>
        <source>Open the demo study</source>
        <translation>打开演示检查</translation>
    </message>
    <message>
        <source>Close study</source>
        <translation>关闭检查</translation>
    </message>
    <message>
        <source>Save the viewport as a picture…</source>
        <translation>将视口另存为图片…</translation>
    </message>
    <message>
        <source>Save the series as pictures or a film…</source>
        <translation>将序列保存为图片或视频…</translation>
    </message>
    <message>
        <source>Share the study without identity…</source>
        <translation>去标识化后共享检查…</translation>
    </message>
    <message>
        <source>Save findings and report…</source>
        <translation>保存发现与报告…</translation>
    </message>
    <message>
        <source>Save the segmentation as NIfTI…</source>
        <translation>将分割另存为 NIfTI…</translation>
    </message>
    <message>
        <source>Save the segmentation as DICOM SEG…</source>
        <translation>将分割另存为 DICOM SEG…</translation>
    </message>
    <message>
        <source>Save the surfaces of the segmentations (STL)…</source>
        <translation>将分割的表面另存为 STL…</translation>
    </message>
    <message>
        <source>Copy the viewport as a picture</source>
        <translation>将视口复制为图片</translation>
    </message>
    <message>
        <source>Copy the viewport without patient data</source>
        <translation>复制视口（不含患者信息）</translation>
    </message>
    <message>
        <source>Copy all viewports as one picture</source>
        <translation>将所有视口复制为一张图片</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>打印…</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>One viewport</source>
        <translation>单视口</translation>
    </message>
    <message>
        <source>Two viewports side by side</source>
        <translation>左右双视口</translation>
    </message>
    <message>
        <source>Two viewports one above the other</source>
        <translation>上下双视口</translation>
    </message>
    <message>
        <source>Four viewports</source>
        <translation>四视口</translation>
    </message>
    <message>
        <source>As acquired</source>
        <translation>原始采集方位</translation>
    </message>
    <message>
        <source>Axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation>冠状位</translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation>矢状位</translation>
    </message>
    <message>
        <source>More viewports, up to 5 × 5…</source>
        <translation>更多视口，最多 5 × 5…</translation>
    </message>
    <message>
        <source>Three planes</source>
        <translation>三平面</translation>
    </message>
    <message>
        <source>Planes</source>
        <translation>三平面</translation>
    </message>
    <message>
        <source>Maximise or restore the viewport</source>
        <translation>最大化 / 还原视口</translation>
    </message>
    <message>
        <source>Next viewport</source>
        <translation>下一视口</translation>
    </message>
    <message>
        <source>Previous viewport</source>
        <translation>上一视口</translation>
    </message>
    <message>
        <source>Corner text: all, without patient, none</source>
        <translation>四角信息：全部 / 隐去患者 / 无</translation>
    </message>
    <message>
        <source>Choose the corner text…</source>
        <translation>设置四角信息…</translation>
    </message>
    <message>
        <source>Series strip</source>
        <translation>序列栏</translation>
    </message>
    <message>
        <source>Right panel</source>
        <translation>右侧面板</translation>
    </message>
    <message>
        <source>Go to the next area</source>
        <translation>转到下一区域</translation>
    </message>
    <message>
        <source>Go to the previous area</source>
        <translation>转到上一区域</translation>
    </message>
    <message>
        <source>Show findings</source>
        <translation>显示“发现”</translation>
    </message>
    <message>
        <source>Show AI</source>
        <translation>显示“AI”</translation>
    </message>
    <message>
        <source>Show image and filters</source>
        <translation>显示“图像”与滤波</translation>
    </message>
    <message>
        <source>Show details</source>
        <translation>显示“详情”</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Dim the reading room</source>
        <translation>阅片室暗光</translation>
    </message>
    <message>
        <source>Test pattern for the monitor</source>
        <translation>显示器测试图</translation>
    </message>
    <message>
        <source>Reports and other objects</source>
        <translation>报告及其他对象</translation>
    </message>
    <message>
        <source>DICOM tags</source>
        <translation>DICOM 标签</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>后台任务</translation>
    </message>
    <message>
        <source>Messages and problems</source>
        <translation>消息与问题</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Tour of the window</source>
        <translation>窗口导览</translation>
    </message>
    <message>
        <source>Find a command…</source>
        <translation>查找命令…</translation>
    </message>
    <message>
        <source>Automatic window</source>
        <translation>自动窗</translation>
    </message>
    <message>
        <source>First window of the file</source>
        <translation>文件自带的第一个窗</translation>
    </message>
    <message>
        <source>Second window of the file</source>
        <translation>文件自带的第二个窗</translation>
    </message>
    <message>
        <source>Window preset 3</source>
        <translation>预设窗 3</translation>
    </message>
    <message>
        <source>Window preset 4</source>
        <translation>预设窗 4</translation>
    </message>
    <message>
        <source>Window preset 5</source>
        <translation>预设窗 5</translation>
    </message>
    <message>
        <source>Window preset 6</source>
        <translation>预设窗 6</translation>
    </message>
    <message>
        <source>Window preset 7</source>
        <translation>预设窗 7</translation>
    </message>
    <message>
        <source>Window preset 8</source>
        <translation>预设窗 8</translation>
    </message>
    <message>
        <source>Window preset 9</source>
        <translation>预设窗 9</translation>
    </message>
    <message>
        <source>Next image</source>
        <translation>下一幅</translation>
    </message>
    <message>
        <source>Previous image</source>
        <translation>上一幅</translation>
    </message>
    <message>
        <source>Ten images on</source>
        <translation>后十幅</translation>
    </message>
    <message>
        <source>Ten images back</source>
        <translation>前十幅</translation>
    </message>
    <message>
        <source>First image</source>
        <translation>第一幅</translation>
    </message>
    <message>
        <source>Last image</source>
        <translation>最后一幅</translation>
    </message>
    <message>
        <source>Next series</source>
        <translation>下一序列</translation>
    </message>
    <message>
        <source>Previous series</source>
        <translation>上一序列</translation>
    </message>
    <message>
        <source>Next time point</source>
        <translation>下一时间点</translation>
    </message>
    <message>
        <source>Previous time point</source>
        <translation>上一时间点</translation>
    </message>
    <message>
        <source>Next dimension</source>
        <translation>下一维度</translation>
    </message>
    <message>
        <source>Next key image</source>
        <translation>下一幅关键图像</translation>
    </message>
    <message>
        <source>Previous key image</source>
        <translation>上一幅关键图像</translation>
    </message>
    <message>
        <source>Cine</source>
        <translation>电影播放</translation>
    </message>
    <message>
        <source>Cine in all viewports</source>
        <translation>所有视口电影播放</translation>
    </message>
    <message>
        <source>Cine to and fro</source>
        <translation>往复播放</translation>
    </message>
    <message>
        <source>Cine faster</source>
        <translation>加快播放</translation>
    </message>
    <message>
        <source>Cine slower</source>
        <translation>减慢播放</translation>
    </message>
    <message>
        <source>Key image</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>Invert</source>
        <translation>反相</translation>
    </message>
    <message>
        <source>Fit to the viewport</source>
        <translation>适应视口</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适应</translation>
    </message>
    <message>
        <source>One image pixel on one screen pixel</source>
        <translation>图像像素与屏幕像素 1:1</translation>
    </message>
    <message>
        <source>True size: a millimetre is a millimetre</source>
        <translation>真实大小：屏幕 1 mm 即患者 1 mm</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Rotate right</source>
        <translation>顺时针旋转 90°</translation>
    </message>
    <message>
        <source>Rotate</source>
        <translation>旋转</translation>
    </message>
    <message>
        <source>Rotate left</source>
        <translation>逆时针旋转 90°</translation>
    </message>
    <message>
        <source>Flip left to right</source>
        <translation>左右翻转</translation>
    </message>
    <message>
        <source>Flip</source>
        <translation>翻转</translation>
    </message>
    <message>
        <source>Flip top to bottom</source>
        <translation>上下翻转</translation>
    </message>
    <message>
        <source>Reset the picture</source>
        <translation>重置图像显示</translation>
    </message>
    <message>
        <source>Before / after the filters</source>
        <translation>滤波前 / 后对比</translation>
    </message>
    <message>
        <source>Next numbers beside the values (SUV, real-world values)</source>
        <translation>切换附加数值（SUV、真实世界值）</translation>
    </message>
    <message>
        <source>Colours through the ICC profile</source>
        <translation>按 ICC 配置文件显示颜色</translation>
    </message>
    <message>
        <source>Overlays of the file</source>
        <translation>文件自带的叠加层</translation>
    </message>
    <message>
        <source>Read failed images again</source>
        <translation>重新读取失败的图像</translation>
    </message>
    <message>
        <source>Remove all filters</source>
        <translation>移除全部滤波</translation>
    </message>
    <message>
        <source>Keep waiting marks now</source>
        <translation>立即保存等待中的标记</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>调窗</translation>
    </message>
    <message>
        <source>Scroll</source>
        <translation>翻页</translation>
    </message>
    <message>
        <source>Pan</source>
        <translation>平移</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Rotate by hand</source>
        <translation>手动旋转</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>测距</translation>
    </message>
    <message>
        <source>Two diameters (RECIST)</source>
        <translation>双径测量（RECIST）</translation>
    </message>
    <message>
        <source>Path</source>
        <translation>折线长度</translation>
    </message>
    <message>
        <source>Angle</source>
        <translation>角度</translation>
    </message>
    <message>
        <source>Cobb angle</source>
        <translation>Cobb 角</translation>
    </message>
    <message>
        <source>Ellipse</source>
        <translation>椭圆</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Polygon</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>Freehand outline</source>
        <translation>手绘轮廓</translation>
    </message>
    <message>
        <source>Value at a point</source>
        <translation>点值</translation>
    </message>
    <message>
        <source>Arrow</source>
        <translation>箭头</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文字</translation>
    </message>
    <message>
        <source>Calibrate by a known line</source>
        <translation>用已知长度的线校准</translation>
    </message>
    <message>
        <source>Write on the mark…</source>
        <translation>给标记写文字…</translation>
    </message>
    <message>
        <source>Histogram of the region</source>
        <translation>区域直方图</translation>
    </message>
    <message>
        <source>Values along the line</source>
        <translation>沿线剖面图</translation>
    </message>
    <message>
        <source>Volume of uptake around the region</source>
        <translation>区域周围的摄取体积</translation>
    </message>
    <message>
        <source>Regions over time</source>
        <translation>区域的时间曲线</translation>
    </message>
    <message>
        <source>Copy the mark</source>
        <translation>复制标记</translation>
    </message>
    <message>
        <source>Put the copied mark here</source>
        <translation>在此粘贴标记</translation>
    </message>
    <message>
        <source>Copy the mark to the next image</source>
        <translation>将标记复制到下一幅图像</translation>
    </message>
    <message>
        <source>Copy the mark to the image before</source>
        <translation>将标记复制到上一幅图像</translation>
    </message>
    <message>
        <source>Select the next mark</source>
        <translation>选择下一个标记</translation>
    </message>
    <message>
        <source>Move the mark left</source>
        <translation>标记左移</translation>
    </message>
    <message>
        <source>Move the mark right</source>
        <translation>标记右移</translation>
    </message>
    <message>
        <source>Move the mark up</source>
        <translation>标记上移</translation>
    </message>
    <message>
        <source>Move the mark down</source>
        <translation>标记下移</translation>
    </message>
    <message>
        <source>Measure on what is shown</source>
        <translation>按当前显示的内容测量</translation>
    </message>
    <message>
        <source>Take over what the report marks</source>
        <translation>接收报告中的标记</translation>
    </message>
    <message>
        <source>Delete all marks on this image</source>
        <translation>删除此图像上的所有标记</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Delete the selected mark</source>
        <translation>删除所选标记</translation>
    </message>
    <message>
        <source>Crosshair: all go there</source>
        <translation>十字线：全部视口定位到该处</translation>
    </message>
    <message>
        <source>Window by a box</source>
        <translation>框选调窗</translation>
    </message>
    <message>
        <source>Cancel; a second time resets the picture</source>
        <translation>取消；再按一次重置图像显示</translation>
    </message>
    <message>
        <source>Run the model that fits best</source>
        <translation>运行最适合的模型</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Cancel all runs of models</source>
        <translation>取消所有模型运行</translation>
    </message>
    <message>
        <source>Question a model: why, how sure, what another one says…</source>
        <translation>向模型提问：依据、把握、其他模型的看法…</translation>
    </message>
    <message>
        <source>Hide or show AI and overlays</source>
        <translation>隐藏或显示 AI 和叠加层</translation>
    </message>
    <message>
        <source>AI</source>
        <translation>AI</translation>
    </message>
    <message>
        <source>Read first: AI stays hidden until then</source>
        <translation>先阅片：阅片前隐藏 AI</translation>
    </message>
    <message>
        <source>The study is read: show AI</source>
        <translation>检查已阅：显示 AI</translation>
    </message>
    <message>
        <source>Next finding</source>
        <translation>下一个发现</translation>
    </message>
    <message>
        <source>Previous finding</source>
        <translation>上一个发现</translation>
    </message>
    <message>
        <source>Accept the finding</source>
        <translation>接受该发现</translation>
    </message>
    <message>
        <source>Reject the finding</source>
        <translation>拒绝该发现</translation>
    </message>
    <message>
        <source>Install a model package…</source>
        <translation>安装模型包…</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>快捷键与鼠标</translation>
    </message>
    <message>
        <source>Back up marks and results…</source>
        <translation>备份标记和结果…</translation>
    </message>
    <message>
        <source>Restore a backup…</source>
        <translation>恢复备份…</translation>
    </message>
    <message>
        <source>Save diagnostics…</source>
        <translation>保存诊断信息…</translation>
    </message>
    <message>
        <source>Check for updates…</source>
        <translation>检查更新…</translation>
    </message>
    <message>
        <source>About medview</source>
        <translation>关于 medview</translation>
    </message>
    <message>
        <source>Tiles: consecutive images</source>
        <translation>平铺：连续图像</translation>
    </message>
    <message>
        <source>Viewport in a window of its own</source>
        <translation>在独立窗口中显示视口</translation>
    </message>
    <message>
        <source>Scroll together by position</source>
        <translation>按位置同步滚动</translation>
    </message>
    <message>
        <source>Scroll together with the present offset</source>
        <translation>按当前偏移同步滚动</translation>
    </message>
    <message>
        <source>Pan and zoom together</source>
        <translation>同步平移和缩放</translation>
    </message>
    <message>
        <source>Window together</source>
        <translation>同步窗宽窗位</translation>
    </message>
    <message>
        <source>Same plane together</source>
        <translation>同步切换平面</translation>
    </message>
    <message>
        <source>Reference lines</source>
        <translation>定位线</translation>
    </message>
    <message>
        <source>Take the crosshair off</source>
        <translation>移除十字线</translation>
    </message>
    <message>
        <source>Grey</source>
        <translation>灰阶</translation>
    </message>
    <message>
        <source>Inverted grey</source>
        <translation>反转灰阶</translation>
    </message>
    <message>
        <source>Hot iron</source>
        <translation>热铁</translation>
    </message>
    <message>
        <source>PET</source>
        <translation>PET 色图</translation>
    </message>
    <message>
        <source>Hot metal blue</source>
        <translation>热金属蓝</translation>
    </message>
    <message>
        <source>PET 20 steps</source>
        <translation>PET 20 级</translation>
    </message>
    <message>
        <source>Rainbow</source>
        <translation>彩虹</translation>
    </message>
    <message>
        <source>Viridis (even lightness)</source>
        <translation>Viridis（亮度均匀）</translation>
    </message>
    <message>
        <source>Blended</source>
        <translation>混合</translation>
    </message>
    <message>
        <source>Swiped: drag the line</source>
        <translation>卷帘：拖动分界线</translation>
    </message>
    <message>
        <source>As a checkerboard</source>
        <translation>棋盘格</translation>
    </message>
    <message>
        <source>Sigmoid window</source>
        <translation>S 形窗</translation>
    </message>
    <message>
        <source>Next colour map</source>
        <translation>下一个色图</translation>
    </message>
    <message>
        <source>Previous colour map</source>
        <translation>上一个色图</translation>
    </message>
    <message>
        <source>Colour bar</source>
        <translation>色标</translation>
    </message>
    <message>
        <source>Add a colour map from a file…</source>
        <translation>从文件添加色图…</translation>
    </message>
    <message>
        <source>Lay a series over this one…</source>
        <translation>在此序列上叠加另一序列…</translation>
    </message>
    <message>
        <source>Series on top shown</source>
        <translation>显示叠加序列</translation>
    </message>
    <message>
        <source>Blended, swiped, as a checkerboard: the next</source>
        <translation>混合、卷帘、棋盘格：切换</translation>
    </message>
    <message>
        <source>More of the series on top</source>
        <translation>增加叠加序列的不透明度</translation>
    </message>
    <message>
        <source>Less of the series on top</source>
        <translation>降低叠加序列的不透明度</translation>
    </message>
    <message>
        <source>Exchange the series on top and the one below</source>
        <translation>交换上层与下层序列</translation>
    </message>
    <message>
        <source>Take the series on top away</source>
        <translation>移除叠加序列</translation>
    </message>
    <message>
        <source>Next hanging step</source>
        <translation>下一个挂片步骤</translation>
    </message>
    <message>
        <source>Previous hanging step</source>
        <translation>上一个挂片步骤</translation>
    </message>
    <message>
        <source>Hanging protocols…</source>
        <translation>挂片协议…</translation>
    </message>
    <message>
        <source>Keep this layout as a hanging protocol…</source>
        <translation>将当前布局保存为挂片协议…</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>橡皮擦</translation>
    </message>
    <message>
        <source>Grow a region from a click</source>
        <translation>点击处区域生长</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>Fill between slices</source>
        <translation>层间插值填充</translation>
    </message>
    <message>
        <source>Smooth the label</source>
        <translation>平滑标签</translation>
    </message>
    <message>
        <source>Keep the largest part</source>
        <translation>仅保留最大连通区</translation>
    </message>
    <message>
        <source>Remove islands</source>
        <translation>去除孤立小区域</translation>
    </message>
    <message>
        <source>Clear the label</source>
        <translation>清空标签</translation>
    </message>
    <message>
        <source>Correct the segmentation</source>
        <translation>修正分割</translation>
    </message>
    <message>
        <source>New segmentation</source>
        <translation>新建分割</translation>
    </message>
    <message>
        <source>End the correction</source>
        <translation>结束修正</translation>
    </message>
    <message>
        <source>Segment what is pointed at</source>
        <translation>点选分割</translation>
    </message>
    <message>
        <source>Take the last point back</source>
        <translation>撤回上一个点</translation>
    </message>
    <message>
        <source>Point at something else</source>
        <translation>点选其他对象</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>增大画笔</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>减小画笔</translation>
    </message>
    <message>
        <source>Brush is a ball</source>
        <translation>球形画笔</translation>
    </message>
    <message>
        <source>Leave other labels alone</source>
        <translation>不改动其他标签</translation>
    </message>
    <message>
        <source>Paint only values in the range</source>
        <translation>仅绘制范围内的值</translation>
    </message>
    <message>
        <source>Next label</source>
        <translation>下一个标签</translation>
    </message>
    <message>
        <source>Slab: maximum (MIP)</source>
        <translation>厚层：最大密度投影（MIP）</translation>
    </message>
    <message>
        <source>Slab: minimum (MinIP)</source>
        <translation>厚层：最小密度投影（MinIP）</translation>
    </message>
    <message>
        <source>Slab: mean</source>
        <translation>厚层：平均</translation>
    </message>
    <message>
        <source>No slab</source>
        <translation>取消厚层</translation>
    </message>
    <message>
        <source>Slab: maximum, minimum, mean, none</source>
        <translation>厚层：最大、最小、平均、无</translation>
    </message>
    <message>
        <source>Slab</source>
        <translation>厚层</translation>
    </message>
    <message>
        <source>Thicker slab</source>
        <translation>增加厚层厚度</translation>
    </message>
    <message>
        <source>Thinner slab</source>
        <translation>减小厚层厚度</translation>
    </message>
    <message>
        <source>Three planes to turn (MPR)</source>
        <translation>可旋转的三平面重建（MPR）</translation>
    </message>
    <message>
        <source>MPR</source>
        <translation>MPR</translation>
    </message>
    <message>
        <source>Oblique plane</source>
        <translation>斜位平面</translation>
    </message>
    <message>
        <source>Projection to turn (MIP of everything)</source>
        <translation>可旋转投影（全部数据的 MIP）</translation>
    </message>
    <message>
        <source>MIP</source>
        <translation>MIP</translation>
    </message>
    <message>
        <source>Picture along the path that is selected</source>
        <translation>沿所选路径的曲面重建</translation>
    </message>
    <message>
        <source>Planes stay at right angles</source>
        <translation>各平面保持垂直</translation>
    </message>
    <message>
        <source>Lines of the planes</source>
        <translation>显示平面定位线</translation>
    </message>
    <message>
        <source>Planes as at the beginning</source>
        <translation>平面恢复初始位置</translation>
    </message>
    <message>
        <source>Magnifier</source>
        <translation>放大镜</translation>
    </message>
    <message>
        <source>Register the series on top</source>
        <translation>配准上层序列</translation>
    </message>
    <message>
        <source>Accept where the series on top lies</source>
        <translation>接受上层序列的位置</translation>
    </message>
    <message>
        <source>Reject where the series on top lies</source>
        <translation>拒绝上层序列的位置</translation>
    </message>
    <message>
        <source>Save the registration…</source>
        <translation>保存配准…</translation>
    </message>
    <message>
        <source>From the front</source>
        <translation>从前方看</translation>
    </message>
    <message>
        <source>From the back</source>
        <translation>从后方看</translation>
    </message>
    <message>
        <source>From the patient&apos;s left</source>
        <translation>从患者左侧看</translation>
    </message>
    <message>
        <source>From the patient&apos;s right</source>
        <translation>从患者右侧看</translation>
    </message>
    <message>
        <source>From the head</source>
        <translation>从头侧看</translation>
    </message>
    <message>
        <source>From the feet</source>
        <translation>从足侧看</translation>
    </message>
    <message>
        <source>Volume rendering</source>
        <translation>容积再现</translation>
    </message>
    <message>
        <source>3D</source>
        <translation>三维</translation>
    </message>
    <message>
        <source>Next look: bone, skin, lung, vessels …</source>
        <translation>下一种显示方式：骨、皮肤、肺、血管…</translation>
    </message>
    <message>
        <source>Clipping box</source>
        <translation>裁剪框</translation>
    </message>
    <message>
        <source>As at the beginning</source>
        <translation>恢复初始状态</translation>
    </message>
</context>
<context>
    <name>Corner</name>
    <message>
        <source>not shown</source>
        <translation>不显示</translation>
    </message>
    <message>
        <source>top left</source>
        <translation>左上</translation>
    </message>
    <message>
        <source>top right</source>
        <translation>右上</translation>
    </message>
    <message>
        <source>bottom left</source>
        <translation>左下</translation>
    </message>
    <message>
        <source>bottom right</source>
        <translation>右下</translation>
    </message>
    <message>
        <source>Corner text</source>
        <translation>四角信息</translation>
    </message>
    <message>
        <source>For images of</source>
        <translation>适用的设备类型</translation>
    </message>
    <message>
        <source>all modalities without a choice of their own</source>
        <translation>其他所有设备类型</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Corner</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Lines, in their order</source>
        <translation>各行内容及顺序</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Marks such as lossy, filtered, resampled, AI, incomplete and two patients cannot be taken off the picture.</source>
        <translation>有损压缩、已滤波、已重采样、AI、不完整以及两位患者等标记不能从图像上移除。</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>恢复默认</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>patient data</source>
        <translation>患者信息</translation>
    </message>
    <message>
        <source>Corner of {0}</source>
        <translation>{0}的位置</translation>
    </message>
    <message>
        <source>Open a study to see it here</source>
        <translation>打开检查后可在此预览</translation>
    </message>
    <message>
        <source>Patient name</source>
        <translation>患者姓名</translation>
    </message>
    <message>
        <source>Patient ID</source>
        <translation>患者 ID</translation>
    </message>
    <message>
        <source>Date of birth</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>Sex and age</source>
        <translation>性别与年龄</translation>
    </message>
    <message>
        <source>Institution</source>
        <translation>医疗机构</translation>
    </message>
    <message>
        <source>Study description</source>
        <translation>检查描述</translation>
    </message>
    <message>
        <source>Accession number</source>
        <translation>检查号</translation>
    </message>
    <message>
        <source>Date and time of the study</source>
        <translation>检查日期与时间</translation>
    </message>
    <message>
        <source>Date and time of the series</source>
        <translation>序列日期与时间</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗宽窗位</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Number of the image</source>
        <translation>图像序号</translation>
    </message>
    <message>
        <source>Time, phase, echo …</source>
        <translation>时间、时相、回波…</translation>
    </message>
    <message>
        <source>Side and view</source>
        <translation>侧别与体位</translation>
    </message>
    <message>
        <source>Contrast agent</source>
        <translation>对比剂</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>Thickness, plane and place</source>
        <translation>层厚、平面与位置</translation>
    </message>
    <message>
        <source>Body part</source>
        <translation>部位</translation>
    </message>
    <message>
        <source>Acquisition protocol</source>
        <translation>扫描方案</translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation>重建核</translation>
    </message>
    <message>
        <source>Tube voltage</source>
        <translation>管电压</translation>
    </message>
    <message>
        <source>Pixel size</source>
        <translation>像素大小</translation>
    </message>
    <message>
        <source>Matrix</source>
        <translation>矩阵</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>设备</translation>
    </message>
</context>
<context>
    <name>Correction</name>
    <message>
        <source>{0} px</source>
        <translation>{0} 像素</translation>
    </message>
    <message>
        <source>End the correction; it stays kept</source>
        <translation>结束修正（结果已保存）</translation>
    </message>
    <message>
        <source>⚠ Made on other images than those that are open</source>
        <translation>⚠ 绘制时的图像与当前打开的图像不同</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>体积</translation>
    </message>
    <message>
        <source>Diameters</source>
        <translation>径线</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>New label</source>
        <translation>新建标签</translation>
    </message>
    <message>
        <source>Name of the label</source>
        <translation>标签名称</translation>
    </message>
    <message>
        <source>Change the colour</source>
        <translation>更改颜色</translation>
    </message>
    <message>
        <source>Leave other labels alone</source>
        <translation>不改动其他标签</translation>
    </message>
    <message>
        <source>Brush  (F3); Ctrl erases</source>
        <translation>画笔  (F3)；按住 Ctrl 擦除</translation>
    </message>
    <message>
        <source>Eraser  (F4)</source>
        <translation>橡皮擦  (F4)</translation>
    </message>
    <message>
        <source>Grow a region from a click  (F5); with Ctrl on one slice</source>
        <translation>点击处区域生长  (F5)；按住 Ctrl 仅限本层</translation>
    </message>
    <message>
        <source>Size of the brush</source>
        <translation>画笔大小</translation>
    </message>
    <message>
        <source>Size of the brush: Shift and the wheel, or Ctrl and [ or ]</source>
        <translation>画笔大小：Shift + 滚轮，或 Ctrl + [ / ]</translation>
    </message>
    <message>
        <source>Ball: also on neighbouring slices</source>
        <translation>球形：同时作用于相邻层面</translation>
    </message>
    <message>
        <source>Only values</source>
        <translation>仅限值</translation>
    </message>
    <message>
        <source>Brush and growing touch only values in this range</source>
        <translation>画笔和区域生长只作用于此范围内的值</translation>
    </message>
    <message>
        <source>Smallest value</source>
        <translation>最小值</translation>
    </message>
    <message>
        <source>Largest value</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>Growing</source>
        <translation>生长</translation>
    </message>
    <message>
        <source>How far values may differ from the one that is clicked</source>
        <translation>与点击处数值的允许差值</translation>
    </message>
    <message>
        <source>How far from the click a region may grow</source>
        <translation>区域生长离点击处的最大距离</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>Between slices</source>
        <translation>层间填充</translation>
    </message>
    <message>
        <source>Fill between slices</source>
        <translation>层间插值填充</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Largest part</source>
        <translation>最大连通区</translation>
    </message>
    <message>
        <source>Keep the largest part</source>
        <translation>仅保留最大连通区</translation>
    </message>
    <message>
        <source>Remove islands</source>
        <translation>去除小区域</translation>
    </message>
    <message>
        <source>Parts below 0.1 ml</source>
        <translation>小于 0.1 ml 的区域</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清空</translation>
    </message>
    <message>
        <source>Clear the label</source>
        <translation>清空标签</translation>
    </message>
    <message>
        <source>Another label</source>
        <translation>另一标签</translation>
    </message>
    <message>
        <source>Add the other label to this one</source>
        <translation>并集：把另一标签并入本标签</translation>
    </message>
    <message>
        <source>Take the other label away from this one</source>
        <translation>差集：从本标签中减去另一标签</translation>
    </message>
    <message>
        <source>Keep only what is in the other label too</source>
        <translation>交集：仅保留同时属于另一标签的部分</translation>
    </message>
    <message>
        <source>Label {0}</source>
        <translation>标签 {0}</translation>
    </message>
</context>
<context>
    <name>Detached</name>
    <message>
        <source>Viewport {n}</source>
        <translation>视口 {n}</translation>
    </message>
</context>
<context>
    <name>Details</name>
    <message>
        <source>Volume</source>
        <translation>容积</translation>
    </message>
    <message>
        <source>Tilted volume</source>
        <translation>倾斜容积</translation>
    </message>
    <message>
        <source>Volume with uneven slice distances</source>
        <translation>层间距不等的容积</translation>
    </message>
    <message>
        <source>Frames without common geometry</source>
        <translation>帧之间无共同空间关系</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>in the patient</source>
        <translation>患者体内</translation>
    </message>
    <message>
        <source>at the detector</source>
        <translation>探测器平面</translation>
    </message>
    <message>
        <source>calibrated</source>
        <translation>已校准</translation>
    </message>
    <message>
        <source>magnification estimated</source>
        <translation>放大率为估计值</translation>
    </message>
    <message>
        <source>ultrasound region</source>
        <translation>超声区域</translation>
    </message>
    <message>
        <source>not known; lengths are in px</source>
        <translation>未知；长度以像素计</translation>
    </message>
    <message>
        <source>male</source>
        <translation>男</translation>
    </message>
    <message>
        <source>female</source>
        <translation>女</translation>
    </message>
    <message>
        <source>other</source>
        <translation>其他</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>姓名</translation>
    </message>
    <message>
        <source>Patient ID</source>
        <translation>患者 ID</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>Sex</source>
        <translation>性别</translation>
    </message>
    <message>
        <source>Age</source>
        <translation>年龄</translation>
    </message>
    <message>
        <source>Study date</source>
        <translation>检查日期</translation>
    </message>
    <message>
        <source>Study</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Accession</source>
        <translation>检查号</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>设备类型</translation>
    </message>
    <message>
        <source>Body part</source>
        <translation>检查部位</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>扫描方案</translation>
    </message>
    <message>
        <source>Contrast</source>
        <translation>对比剂</translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation>重建核</translation>
    </message>
    <message>
        <source>Thickness</source>
        <translation>层厚</translation>
    </message>
    <message>
        <source>Scanner</source>
        <translation>扫描设备</translation>
    </message>
    <message>
        <source>Institution</source>
        <translation>机构</translation>
    </message>
    <message>
        <source>Lossy</source>
        <translation>有损压缩</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Time points</source>
        <translation>时间点数</translation>
    </message>
    <message>
        <source>Spacing</source>
        <translation>体素间距</translation>
    </message>
    <message>
        <source>Spacing is</source>
        <translation>间距含义</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>as stored</source>
        <translation>存储值</translation>
    </message>
    <message>
        <source>Stored as</source>
        <translation>存储类型</translation>
    </message>
    <message>
        <source>Padding</source>
        <translation>填充值</translation>
    </message>
    <message>
        <source>Decoder</source>
        <translation>解码器</translation>
    </message>
    <message>
        <source>uncompressed</source>
        <translation>未压缩</translation>
    </message>
    <message>
        <source>No decoder</source>
        <translation>无解码器</translation>
    </message>
    <message>
        <source>Transfer syntax</source>
        <translation>传输语法</translation>
    </message>
    <message>
        <source>Nothing is shown.</source>
        <translation>未显示任何图像。</translation>
    </message>
    <message>
        <source>Worth knowing</source>
        <translation>注意事项</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>Patient and study</source>
        <translation>患者与检查</translation>
    </message>
    <message>
        <source>Files that could not be read ({0})</source>
        <translation>无法读取的文件（{0}）</translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>另有 {0} 项</translation>
    </message>
</context>
<context>
    <name>Device</name>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Processor (CPU)</source>
        <translation>处理器（CPU）</translation>
    </message>
</context>
<context>
    <name>Diagnostics</name>
    <message>
        <source>Save diagnostics (no patient data goes in)</source>
        <translation>保存诊断信息（不含患者数据）</translation>
    </message>
</context>
<context>
    <name>Document</name>
    <message>
        <source>Document</source>
        <translation>文档</translation>
    </message>
    <message>
        <source>Previous object</source>
        <translation>上一个对象</translation>
    </message>
    <message>
        <source>Next object</source>
        <translation>下一个对象</translation>
    </message>
    <message>
        <source>List of all objects</source>
        <translation>全部对象列表</translation>
    </message>
    <message>
        <source>Take over what the report marks, to be changed</source>
        <translation>接收报告中的标记以便编辑</translation>
    </message>
    <message>
        <source>Save the document as a file…</source>
        <translation>将文档保存为文件…</translation>
    </message>
    <message>
        <source>DICOM tags</source>
        <translation>DICOM 标签</translation>
    </message>
    <message>
        <source>Over the whole image area</source>
        <translation>占满图像区</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Reports and other objects</source>
        <translation>报告及其他对象</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Nothing is drawn of this object.</source>
        <translation>此对象没有可显示的画面。</translation>
    </message>
    <message>
        <source>⚠ Two patients are on the screen; this document is of {0}.</source>
        <translation>⚠ 屏幕上有两位患者；此文档属于 {0}。</translation>
    </message>
    <message>
        <source>The document is of the type “{0}”, which is not drawn; it can be saved.</source>
        <translation>文档类型为“{0}”，无法显示，但可以保存。</translation>
    </message>
    <message>
        <source>This object cannot be shown.</source>
        <translation>无法显示此对象。</translation>
    </message>
    <message>
        <source>Save the document</source>
        <translation>保存文档</translation>
    </message>
</context>
<context>
    <name>EmptyPlace</name>
    <message>
        <source>Open folder…</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Open the demo study</source>
        <translation>打开演示检查</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Recent studies…</source>
        <translation>最近的检查…</translation>
    </message>
    <message>
        <source>For research and teaching. Not a medical device, not for diagnosis.</source>
        <translation>仅供科研与教学。不是医疗器械，不得用于诊断。</translation>
    </message>
    <message>
        <source>Making the demo study…</source>
        <translation>正在生成演示检查…</translation>
    </message>
    <message>
        <source>Looking for images…</source>
        <translation>正在查找影像…</translation>
    </message>
    <message>
        <source>{0} files seen</source>
        <translation>已查看 {0} 个文件</translation>
    </message>
    <message>
        <source>Drop a study folder here, or press Ctrl+O</source>
        <translation>将检查文件夹拖到此处，或按 Ctrl+O</translation>
    </message>
    <message>
        <source>DICOM folders, files and DICOMDIR · NIfTI, NRRD, MHA · PNG, JPEG, TIFF · ZIP, TAR</source>
        <translation>DICOM 文件夹、文件及 DICOMDIR · NIfTI、NRRD、MHA · PNG、JPEG、TIFF · ZIP、TAR</translation>
    </message>
</context>
<context>
    <name>Explain</name>
    <message>
        <source>Channels of the layer</source>
        <translation>该层的通道</translation>
    </message>
    <message>
        <source>Click on a channel to see its number</source>
        <translation>点击通道可查看其编号</translation>
    </message>
    <message>
        <source>AI explanation: research use, not kept as a finding</source>
        <translation>AI 解释：仅供研究，不作为发现保存</translation>
    </message>
    <message>
        <source>A comparison with what a reader drew; not kept as a finding</source>
        <translation>与阅片者勾画的比较；不作为发现保存</translation>
    </message>
    <message>
        <source>Show or hide this over the images</source>
        <translation>在图像上显示或隐藏</translation>
    </message>
    <message>
        <source>Let go of this</source>
        <translation>丢弃此项</translation>
    </message>
    <message>
        <source>Agreement {0} %</source>
        <translation>一致率 {0} %</translation>
    </message>
    <message>
        <source>Score of the unchanged image: {0}</source>
        <translation>原始图像的评分：{0}</translation>
    </message>
    <message>
        <source>Runs of the network: {0}, in {1} s</source>
        <translation>运行 {0} 次，用时 {1} 秒</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>分布图</translation>
    </message>
    <message>
        <source>Drawn from</source>
        <translation>显示下限</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
    <message>
        <source>{0} of the layer&apos;s channels</source>
        <translation>该层的 {0} 个通道</translation>
    </message>
    <message>
        <source>Channel {0}</source>
        <translation>通道 {0}</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>层面</translation>
    </message>
    <message>
        <source>ml</source>
        <translation>毫升</translation>
    </message>
    <message>
        <source>Places</source>
        <translation>位置列表</translation>
    </message>
    <message>
        <source>Click: go there</source>
        <translation>点击：跳转到该处</translation>
    </message>
    <message>
        <source>Questions to a model</source>
        <translation>向模型提问</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>With</source>
        <translation>对照</translation>
    </message>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>网络层</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>提问</translation>
    </message>
    <message>
        <source>Take the question back</source>
        <translation>撤回提问</translation>
    </message>
    <message>
        <source>What the model finds most</source>
        <translation>模型判断最多的类别</translation>
    </message>
    <message>
        <source>The deepest</source>
        <translation>最深层</translation>
    </message>
    <message>
        <source>What the viewport shows</source>
        <translation>视口当前显示处</translation>
    </message>
    <message>
        <source>{0} {1} on slice {2}</source>
        <translation>{0} {1}，第 {2} 层</translation>
    </message>
    <message>
        <source>You read first: what models say stays hidden until then.</source>
        <translation>先阅片：在此之前模型结果保持隐藏。</translation>
    </message>
    <message>
        <source>Open a series first.</source>
        <translation>请先打开一个序列。</translation>
    </message>
    <message>
        <source>None of the models is meant for this series.</source>
        <translation>没有适用于本序列的模型。</translation>
    </message>
    <message>
        <source>Choose one more model to compare with.</source>
        <translation>请再选择一个模型进行比较。</translation>
    </message>
    <message>
        <source>Choose at least one more model.</source>
        <translation>请至少再选择一个模型。</translation>
    </message>
    <message>
        <source>This cannot be asked; the messages say why.</source>
        <translation>无法这样提问；原因见消息。</translation>
    </message>
    <message>
        <source>The question was taken back.</source>
        <translation>提问已撤回。</translation>
    </message>
    <message>
        <source>Answers are listed here. They are not kept when the study is closed.</source>
        <translation>回答列于此处；检查关闭后不保留。</translation>
    </message>
</context>
<context>
    <name>Explanation</name>
    <message>
        <source>Probability map</source>
        <translation>概率图</translation>
    </message>
    <message>
        <source>How probable the network holds a label at each place.</source>
        <translation>网络认为各处属于某标签的概率。</translation>
    </message>
    <message>
        <source>Over</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>slice</source>
        <translation>当前层面</translation>
    </message>
    <message>
        <source>series</source>
        <translation>整个序列</translation>
    </message>
    <message>
        <source>Occlusion sensitivity</source>
        <translation>遮挡敏感度</translation>
    </message>
    <message>
        <source>How far the score falls when a patch of the image is covered (Zeiler and Fergus 2014).</source>
        <translation>遮住图像一小块后评分下降多少（Zeiler 与 Fergus，2014）。</translation>
    </message>
    <message>
        <source>Size of the patch (0: chosen)</source>
        <translation>遮挡块大小（0：自动）</translation>
    </message>
    <message>
        <source>Step of the patch (0: chosen)</source>
        <translation>遮挡块步长（0：自动）</translation>
    </message>
    <message>
        <source>Covered with</source>
        <translation>遮挡填充</translation>
    </message>
    <message>
        <source>Value to cover with</source>
        <translation>填充值</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>minimum</source>
        <translation>最小值</translation>
    </message>
    <message>
        <source>maximum</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>blurred</source>
        <translation>模糊</translation>
    </message>
    <message>
        <source>value</source>
        <translation>指定值</translation>
    </message>
    <message>
        <source>prepared</source>
        <translation>（预处理后）</translation>
    </message>
    <message>
        <source>Superpixels (LIME)</source>
        <translation>超像素（LIME）</translation>
    </message>
    <message>
        <source>Which parts of the image the score hangs on: parts are covered at random and a line is fitted (Ribeiro 2016).</source>
        <translation>评分取决于图像的哪些部分：随机遮挡各部分并作线性拟合（Ribeiro，2016）。</translation>
    </message>
    <message>
        <source>Parts</source>
        <translation>分块数</translation>
    </message>
    <message>
        <source>Tries</source>
        <translation>采样次数</translation>
    </message>
    <message>
        <source>Width of the kernel</source>
        <translation>核宽度</translation>
    </message>
    <message>
        <source>Ridge</source>
        <translation>岭系数</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Class-activation map</source>
        <translation>类激活图</translation>
    </message>
    <message>
        <source>Where the features of a layer are active: their principal part (Eigen-CAM) or weighted by score (Score-CAM).</source>
        <translation>某层特征在何处激活：取主成分（Eigen-CAM）或按评分加权（Score-CAM）。</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>eigen</source>
        <translation>主成分（Eigen-CAM）</translation>
    </message>
    <message>
        <source>score</source>
        <translation>评分加权（Score-CAM）</translation>
    </message>
    <message>
        <source>Channels weighed (Score-CAM)</source>
        <translation>加权通道数（Score-CAM）</translation>
    </message>
    <message>
        <source>Feature maps</source>
        <translation>特征图</translation>
    </message>
    <message>
        <source>The channels of a layer, side by side.</source>
        <translation>并排显示某层的各通道。</translation>
    </message>
    <message>
        <source>Channels shown</source>
        <translation>显示通道数</translation>
    </message>
    <message>
        <source>Uncertainty by variation</source>
        <translation>扰动不确定性</translation>
    </message>
    <message>
        <source>How the answer changes when the image is shifted, mirrored and made noisy (Wang 2019).</source>
        <translation>图像经平移、镜像和加噪后结果如何变化（Wang，2019）。</translation>
    </message>
    <message>
        <source>Mirrored</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>as trained</source>
        <translation>按训练设置</translation>
    </message>
    <message>
        <source>all axes</source>
        <translation>所有轴</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Shift</source>
        <translation>平移</translation>
    </message>
    <message>
        <source>voxels</source>
        <translation>体素</translation>
    </message>
    <message>
        <source>Noise, share of the values&apos; standard deviation</source>
        <translation>噪声（占数值标准差的比例）</translation>
    </message>
    <message>
        <source>Runs with noise</source>
        <translation>加噪次数</translation>
    </message>
    <message>
        <source>Uncertainty by an ensemble</source>
        <translation>集成不确定性</translation>
    </message>
    <message>
        <source>Mean and spread of several models for the same task.</source>
        <translation>同一任务多个模型的均值与离散度。</translation>
    </message>
    <message>
        <source>Two models compared</source>
        <translation>两个模型比较</translation>
    </message>
    <message>
        <source>Where two models agree and where not.</source>
        <translation>两个模型在何处一致、何处不一致。</translation>
    </message>
    <message>
        <source>Smallest difference listed</source>
        <translation>列出的最小差异</translation>
    </message>
    <message>
        <source>Fall of the score</source>
        <translation>评分下降</translation>
    </message>
    <message>
        <source>Weight of each part</source>
        <translation>各部分权重</translation>
    </message>
    <message>
        <source>Activation</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>Probability</source>
        <translation>概率</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>Mean probability</source>
        <translation>平均概率</translation>
    </message>
    <message>
        <source>Standard deviation</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>熵</translation>
    </message>
    <message>
        <source>weight</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>deviation</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>mean score</source>
        <translation>平均评分</translation>
    </message>
    <message>
        <source>share of runs</source>
        <translation>出现比例</translation>
    </message>
    <message>
        <source>first</source>
        <translation>第一个</translation>
    </message>
    <message>
        <source>second</source>
        <translation>第二个</translation>
    </message>
    <message>
        <source>difference</source>
        <translation>差值</translation>
    </message>
    <message>
        <source>difference in ml</source>
        <translation>差值（毫升）</translation>
    </message>
    <message>
        <source>largest value</source>
        <translation>最大值处</translation>
    </message>
    <message>
        <source>smallest value</source>
        <translation>最小值处</translation>
    </message>
    <message>
        <source>all labels</source>
        <translation>全部标签</translation>
    </message>
    <message>
        <source>both</source>
        <translation>两者一致</translation>
    </message>
    <message>
        <source>both, another label</source>
        <translation>两者均有但标签不同</translation>
    </message>
    <message>
        <source>voxels of the input</source>
        <translation>输入体素</translation>
    </message>
    <message>
        <source>Channel {0}</source>
        <translation>通道 {0}</translation>
    </message>
    <message>
        <source>channel {0}</source>
        <translation>通道 {0}</translation>
    </message>
    <message>
        <source>part {0}</source>
        <translation>分块 {0}</translation>
    </message>
    <message>
        <source>only {0}</source>
        <translation>仅 {0}</translation>
    </message>
    <message>
        <source>ml {0}</source>
        <translation>毫升 {0}</translation>
    </message>
    <message>
        <source>Patch used</source>
        <translation>实际遮挡块</translation>
    </message>
    <message>
        <source>Step used</source>
        <translation>实际步长</translation>
    </message>
    <message>
        <source>Parts made</source>
        <translation>实际分块数</translation>
    </message>
    <message>
        <source>Fit of the line (R²)</source>
        <translation>线性拟合优度（R²）</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>网络层</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>算子</translation>
    </message>
    <message>
        <source>Channels and their size</source>
        <translation>通道数与大小</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>扰动次数</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型数</translation>
    </message>
    <message>
        <source>First</source>
        <translation>第一个模型</translation>
    </message>
    <message>
        <source>Second</source>
        <translation>第二个模型</translation>
    </message>
</context>
<context>
    <name>Export</name>
    <message>
        <source>Pictures and film</source>
        <translation>图片与视频</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>As on the screen</source>
        <translation>与屏幕相同</translation>
    </message>
    <message>
        <source>{0} px on the longer side</source>
        <translation>长边 {0} 像素</translation>
    </message>
    <message>
        <source>images/s</source>
        <translation>幅/秒</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>帧率</translation>
    </message>
    <message>
        <source>With patient data (corner text, file name)</source>
        <translation>包含患者信息（四角信息、文件名）</translation>
    </message>
    <message>
        <source>Images of this kind often have the name of the patient in their pixels. Look at the preview; in a series, look at all images.</source>
        <translation>此类图像的像素中常印有患者姓名。请查看预览；若为序列，请逐幅查看。</translation>
    </message>
    <message>
        <source>I have looked: no name is in the images</source>
        <translation>我已查看：图像中没有姓名</translation>
    </message>
    <message>
        <source>Write to</source>
        <translation>保存到</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>This image</source>
        <translation>当前图像</translation>
    </message>
    <message>
        <source>All viewports as they are laid out</source>
        <translation>所有视口（按当前布局）</translation>
    </message>
    <message>
        <source>All {0} images, one file for each</source>
        <translation>全部 {0} 幅图像，每幅一个文件</translation>
    </message>
    <message>
        <source>All {0} images as a film</source>
        <translation>全部 {0} 幅图像，制成视频</translation>
    </message>
    <message>
        <source>A full turn as a film</source>
        <translation>旋转一周的影片</translation>
    </message>
    <message>
        <source>As seen, 8 bits, with everything on it</source>
        <translation>所见即所得，8 位，含所有叠加内容</translation>
    </message>
    <message>
        <source>Stored values, 16 bits, nothing on it</source>
        <translation>存储值，16 位，不含叠加内容</translation>
    </message>
    <message>
        <source>Modality values{0}, nothing on it</source>
        <translation>模态值{0}，不含叠加内容</translation>
    </message>
    <message>
        <source>AVI (Motion JPEG, lossy)</source>
        <translation>AVI（Motion JPEG，有损）</translation>
    </message>
    <message>
        <source>With patient data in the file name</source>
        <translation>文件名中包含患者信息</translation>
    </message>
    <message>
        <source>Name, ID and dates of the patient will be readable in every picture and in the file name.</source>
        <translation>每幅图像和文件名中都将可读到患者姓名、ID 与日期。</translation>
    </message>
    <message>
        <source>The name of the patient will be readable in the file name.</source>
        <translation>文件名中将可读到患者姓名。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Folder to write into</source>
        <translation>保存到文件夹</translation>
    </message>
    <message>
        <source>It could not be written; the messages say why.</source>
        <translation>未能写入；原因见消息列表。</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>第 {0} 幅，共 {1} 幅</translation>
    </message>
    <message>
        <source>{0} images could not be read; the pictures say so.</source>
        <translation>{0} 幅图像无法读取；图片中已注明。</translation>
    </message>
    <message>
        <source>Written.</source>
        <translation>已写入。</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation>已取消。</translation>
    </message>
</context>
<context>
    <name>FilterPanel</name>
    <message>
        <source>Earlier</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Remove this filter</source>
        <translation>移除此滤波</translation>
    </message>
    <message>
        <source>Filters</source>
        <translation>滤波</translation>
    </message>
    <message>
        <source>Add a filter</source>
        <translation>添加滤波</translation>
    </message>
    <message>
        <source>Filters are shown live on the slice, in this order.</source>
        <translation>滤波按此顺序实时作用于当前层面。</translation>
    </message>
    <message>
        <source>Before (B)</source>
        <translation>滤波前 (B)</translation>
    </message>
    <message>
        <source>Remove all</source>
        <translation>全部移除</translation>
    </message>
    <message>
        <source>Apply to the whole volume</source>
        <translation>应用于整个容积</translation>
    </message>
    <message>
        <source>Read and measure filtered values</source>
        <translation>读数与测量采用滤波后的值</translation>
    </message>
    <message>
        <source>Otherwise values and measurements come from the unfiltered image, and models always do.</source>
        <translation>否则读数与测量取自未滤波图像；模型始终使用未滤波图像。</translation>
    </message>
    <message>
        <source>The whole volume is filtered.</source>
        <translation>整个容积已滤波。</translation>
    </message>
</context>
<context>
    <name>Findings</name>
    <message>
        <source>Research use, not for diagnosis</source>
        <translation>仅供研究，不得用于诊断</translation>
    </message>
    <message>
        <source>Run although it does not fit: {0}</source>
        <translation>在不适用的情况下运行：{0}</translation>
    </message>
    <message>
        <source>Series used: {0}</source>
        <translation>使用的序列：{0}</translation>
    </message>
    <message>
        <source>Open as a series: {0}</source>
        <translation>作为序列打开：{0}</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0} 秒</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详细信息</translation>
    </message>
    <message>
        <source>List, labels and details</source>
        <translation>列表、标签与详细信息</translation>
    </message>
    <message>
        <source>Correct this segmentation</source>
        <translation>修正此分割</translation>
    </message>
    <message>
        <source>Compare with another segmentation</source>
        <translation>与另一分割比较</translation>
    </message>
    <message>
        <source>Show or hide this result</source>
        <translation>显示或隐藏此结果</translation>
    </message>
    <message>
        <source>Why? Question the model about this result</source>
        <translation>依据？就此结果向模型提问</translation>
    </message>
    <message>
        <source>Save this result</source>
        <translation>保存此结果</translation>
    </message>
    <message>
        <source>Discard this result</source>
        <translation>丢弃此结果</translation>
    </message>
    <message>
        <source>There is no other segmentation on these images.</source>
        <translation>这些图像上没有其他分割。</translation>
    </message>
    <message>
        <source>Segmentation as NIfTI…</source>
        <translation>分割存为 NIfTI…</translation>
    </message>
    <message>
        <source>Segmentation as DICOM SEG…</source>
        <translation>分割存为 DICOM SEG…</translation>
    </message>
    <message>
        <source>Picture of the viewport as PNG…</source>
        <translation>视口图片存为 PNG…</translation>
    </message>
    <message>
        <source>Change the colour</source>
        <translation>更改颜色</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
    <message>
        <source>Outline</source>
        <translation>轮廓</translation>
    </message>
    <message>
        <source>The model found nothing.</source>
        <translation>模型未检出任何发现。</translation>
    </message>
    <message>
        <source>From score</source>
        <translation>评分下限</translation>
    </message>
    <message>
        <source>Finding</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>层面</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>评分</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>Show this finding in all viewports of the series</source>
        <translation>在本序列的所有视口中显示此发现</translation>
    </message>
    <message>
        <source>{0} · {1} of {2}</source>
        <translation>{0} · {1} / {2} 项</translation>
    </message>
    <message>
        <source>Begun on {0}</source>
        <translation>开始于 {0}</translation>
    </message>
    <message>
        <source>Package {0} {1}</source>
        <translation>模型包 {0} {1}</translation>
    </message>
    <message>
        <source>Within what {0} {1} found</source>
        <translation>在 {0} {1} 所找到的范围内</translation>
    </message>
    <message>
        <source>On {0}, {1} s</source>
        <translation>设备：{0}，用时 {1} 秒</translation>
    </message>
    <message>
        <source>AI and overlays are hidden</source>
        <translation>AI 结果和叠加层已隐藏</translation>
    </message>
    <message>
        <source>Show (J)</source>
        <translation>显示 (J)</translation>
    </message>
    <message>
        <source>Read first: AI and overlays are hidden until you ask or have read the study</source>
        <translation>先阅片：在您要求显示或完成阅片之前，AI 和叠加层均隐藏</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>At work: {0}</source>
        <translation>正在运行：{0}</translation>
    </message>
    <message>
        <source>What is found is listed here when the run is done.</source>
        <translation>运行结束后，所见会列在这里。</translation>
    </message>
    <message>
        <source>Show how far it is</source>
        <translation>查看进度</translation>
    </message>
    <message>
        <source>No results yet</source>
        <translation>暂无结果</translation>
    </message>
    <message>
        <source>Run a model on the shown series and its findings are listed here.</source>
        <translation>对所显示的序列运行模型后，发现会列在此处。</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Draw a segmentation</source>
        <translation>手工勾画分割</translation>
    </message>
    <message>
        <source>Accepted by {0}, {1}</source>
        <translation>已由 {0} 接受，{1}</translation>
    </message>
    <message>
        <source>Rejected by {0}, {1}</source>
        <translation>已由 {0} 拒绝，{1}</translation>
    </message>
    <message>
        <source>Changed by {0}, {1}</source>
        <translation>已由 {0} 修改，{1}</translation>
    </message>
    <message>
        <source>unknown reader</source>
        <translation>未知阅片者</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>接受</translation>
    </message>
    <message>
        <source>Accept  (Enter)</source>
        <translation>接受  (Enter)</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>Reject  (X)</source>
        <translation>拒绝  (X)</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Note or reason</source>
        <translation>备注或理由</translation>
    </message>
    <message>
        <source>Label: {0}</source>
        <translation>标签：{0}</translation>
    </message>
    <message>
        <source>Drawn by {0}</source>
        <translation>由 {0} 勾画</translation>
    </message>
    <message>
        <source>{0}, edited by {1}</source>
        <translation>{0}，由 {1} 修改</translation>
    </message>
    <message>
        <source>{0}: highest in image {1} of {2} ({3})</source>
        <translation>{0}：最高值位于第 {1}/{2} 幅（{3}）</translation>
    </message>
    <message>
        <source>Choose a finding in the list first</source>
        <translation>请先在列表中选择一项发现</translation>
    </message>
</context>
<context>
    <name>Fusion</name>
    <message>
        <source>(registered by {0})</source>
        <translation>（由 {0} 配准）</translation>
    </message>
    <message>
        <source>(other frame of reference)</source>
        <translation>(参考坐标系不同)</translation>
    </message>
    <message>
        <source>No other series of this patient is open</source>
        <translation>此患者没有打开其他序列</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Fuse with</source>
        <translation>与…融合</translation>
    </message>
    <message>
        <source>Lay a series over this one</source>
        <translation>叠加另一序列</translation>
    </message>
    <message>
        <source>The files name different frames of reference: nothing says that the two series lie at the same place.</source>
        <translation>两个序列的文件注明了不同的参考坐标系：没有依据表明它们位于同一位置。</translation>
    </message>
    <message>
        <source>They can be laid over each other by their own coordinates all the same. The picture is marked for as long as they are, and you have to judge whether they fit.</source>
        <translation>仍可按各自的坐标叠加。叠加期间图像上会一直有标记，是否吻合须由您判断。</translation>
    </message>
    <message>
        <source>Lay it over, marked</source>
        <translation>叠加并标记</translation>
    </message>
    <message>
        <source>Register them, then check</source>
        <translation>先配准，再核对</translation>
    </message>
    <message>
        <source>Series on top</source>
        <translation>叠加序列</translation>
    </message>
    <message>
        <source>Shown</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Exchange the series on top and the one below</source>
        <translation>交换上层与下层序列</translation>
    </message>
    <message>
        <source>Take the series on top away</source>
        <translation>移除叠加序列</translation>
    </message>
    <message>
        <source>How the two are shown</source>
        <translation>两者的显示方式</translation>
    </message>
    <message>
        <source>Blended</source>
        <translation>混合</translation>
    </message>
    <message>
        <source>Swiped</source>
        <translation>卷帘</translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>棋盘格</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
    <message>
        <source>Opacity (Alt and the wheel over the picture)</source>
        <translation>不透明度（在图像上按住 Alt 滚动滚轮）</translation>
    </message>
    <message>
        <source>Low values transparent</source>
        <translation>低值透明</translation>
    </message>
    <message>
        <source>Colours of the series on top</source>
        <translation>叠加序列的颜色</translation>
    </message>
    <message>
        <source>Window of the series on top</source>
        <translation>叠加序列的窗</translation>
    </message>
    <message>
        <source>Window of the series on top (Ctrl and drag over the picture)</source>
        <translation>叠加序列的窗（在图像上按住 Ctrl 拖动）</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>To</source>
        <translation>到</translation>
    </message>
    <message>
        <source>Place by</source>
        <translation>位置依据</translation>
    </message>
    <message>
        <source>What says where the series on top lies</source>
        <translation>上层序列位置的依据</translation>
    </message>
    <message>
        <source>Register</source>
        <translation>配准</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>接受</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Moved by hand (mm to the left, back, head)</source>
        <translation>手动移动（向左、向后、向头，mm）</translation>
    </message>
    <message>
        <source>To the left</source>
        <translation>向左</translation>
    </message>
    <message>
        <source>To the back</source>
        <translation>向后</translation>
    </message>
    <message>
        <source>To the head</source>
        <translation>向头</translation>
    </message>
    <message>
        <source>Turned by hand (degrees about the axes to the left, back, head)</source>
        <translation>手动旋转（绕向左、向后、向头轴的度数）</translation>
    </message>
    <message>
        <source>About the axis to the left</source>
        <translation>绕左右轴</translation>
    </message>
    <message>
        <source>About the axis to the back</source>
        <translation>绕前后轴</translation>
    </message>
    <message>
        <source>About the axis to the head</source>
        <translation>绕头足轴</translation>
    </message>
    <message>
        <source>Its own files</source>
        <translation>自身文件</translation>
    </message>
    <message>
        <source>Its own files (another space)</source>
        <translation>自身文件（另一空间）</translation>
    </message>
    <message>
        <source>medview, not accepted yet</source>
        <translation>medview，尚未接受</translation>
    </message>
    <message>
        <source>medview, accepted by {0}</source>
        <translation>medview，由 {0} 接受</translation>
    </message>
    <message>
        <source>By hand, accepted by {0}</source>
        <translation>手动，由 {0} 接受</translation>
    </message>
    <message>
        <source>Usual window</source>
        <translation>常用窗</translation>
    </message>
    <message>
        <source>Window of the file</source>
        <translation>文件自带窗</translation>
    </message>
    <message>
        <source>Chosen by hand</source>
        <translation>手动设定</translation>
    </message>
</context>
<context>
    <name>Hanging</name>
    <message>
        <source>current</source>
        <translation>本次</translation>
    </message>
    <message>
        <source>prior</source>
        <translation>既往</translation>
    </message>
    <message>
        <source>axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>lateral</source>
        <translation>侧位</translation>
    </message>
    <message>
        <source>soft tissue</source>
        <translation>软组织</translation>
    </message>
    <message>
        <source>diffusion</source>
        <translation>弥散</translation>
    </message>
    <message>
        <source>Step {0}</source>
        <translation>步骤 {0}</translation>
    </message>
    <message>
        <source>Hanging protocols</source>
        <translation>挂片协议</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>For this study</source>
        <translation>对本次检查</translation>
    </message>
    <message>
        <source>Hang by itself when such a study is opened</source>
        <translation>打开此类检查时自动挂片</translation>
    </message>
    <message>
        <source>Your own protocols are JSON files in {0}.</source>
        <translation>您自己的协议以 JSON 文件保存在 {0}。</translation>
    </message>
    <message>
        <source>Keep the present layout…</source>
        <translation>保存当前布局…</translation>
    </message>
    <message>
        <source>Change…</source>
        <translation>修改…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Read files again</source>
        <translation>重新读取文件</translation>
    </message>
    <message>
        <source>Hang</source>
        <translation>挂片</translation>
    </message>
    <message>
        <source>no series for: {0}</source>
        <translation>缺少序列：{0}</translation>
    </message>
    <message>
        <source>your own</source>
        <translation>自定义</translation>
    </message>
    <message>
        <source>by itself</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>series are missing</source>
        <translation>缺少序列</translation>
    </message>
    <message>
        <source>for other studies</source>
        <translation>用于其他检查</translation>
    </message>
    <message>
        <source>Hanging protocol</source>
        <translation>挂片协议</translation>
    </message>
    <message>
        <source>My protocol</source>
        <translation>我的协议</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Studies with all of these modalities</source>
        <translation>检查须包含以下全部设备类型</translation>
    </message>
    <message>
        <source>of one of these body parts</source>
        <translation>部位为以下之一</translation>
    </message>
    <message>
        <source>with one of these words</source>
        <translation>含有以下词语之一</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>设备类型</translation>
    </message>
    <message>
        <source>One of the words</source>
        <translation>含有词语之一</translation>
    </message>
    <message>
        <source>None of the words</source>
        <translation>不含词语</translation>
    </message>
    <message>
        <source>Side</source>
        <translation>侧别</translation>
    </message>
    <message>
        <source>View</source>
        <translation>体位</translation>
    </message>
    <message>
        <source>Slices run</source>
        <translation>层面方向</translation>
    </message>
    <message>
        <source>Prior</source>
        <translation>既往</translation>
    </message>
    <message>
        <source>Plane</source>
        <translation>平面</translation>
    </message>
    <message>
        <source>Centre, width</source>
        <translation>窗位，窗宽</translation>
    </message>
    <message>
        <source>Viewports, row by row</source>
        <translation>各视口（逐行）</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>row {0}, column {1}</source>
        <translation>第 {0} 行第 {1} 列</translation>
    </message>
    <message>
        <source>as in viewport {0}</source>
        <translation>同视口 {0}</translation>
    </message>
    <message>
        <source>{0}: centre and width are two numbers, as “40, 400”.</source>
        <translation>{0}：窗位和窗宽应为两个数字，例如“40, 400”。</translation>
    </message>
    <message>
        <source>{0}: prior is a whole number.</source>
        <translation>{0}：既往次序应为整数。</translation>
    </message>
</context>
<context>
    <name>Help</name>
    <message>
        <source>First steps</source>
        <translation>入门</translation>
    </message>
    <message>
        <source>Drop a folder, files or an archive into the window. The first image is there before everything has been read; go on reading while the rest loads.</source>
        <translation>将文件夹、文件或压缩包拖入窗口。全部读完之前第一幅图像即已显示；其余加载时可继续阅片。</translation>
    </message>
    <message>
        <source>The series stand at the left. A click shows one in the active viewport, dragging puts it into any viewport.</source>
        <translation>序列列在左侧。单击在当前视口显示，拖动可放入任意视口。</translation>
    </message>
    <message>
        <source>Everything that can be done stands in the menus with its key. Ctrl+Shift+P finds any command by a few letters, also in the other language.</source>
        <translation>所有功能及其按键都在菜单中。Ctrl+Shift+P 可用几个字母（中文、拼音首字母或英文）找到任何命令。</translation>
    </message>
    <message>
        <source>Ctrl+Z takes back marks, decisions, results and layouts; Esc cancels what is going on, and leads back from 3D, a projection and the whole screen.</source>
        <translation>Ctrl+Z 撤销标记、判定、结果和布局；Esc 取消正在进行的操作，并可退出三维、投影和全屏。</translation>
    </message>
    <message>
        <source>Marks that cannot be hidden</source>
        <translation>不能隐藏的标记</translation>
    </message>
    <message>
        <source>A picture says what it is: lossy with method and ratio, filtered, resampled, a slab, incomplete or still loading, of uncertain geometry, with AI on it and which, or beside images of another patient. No setting takes these marks away; they are on printed and saved pictures too.</source>
        <translation>图像会注明自身状态：有损压缩（方法与压缩比）、已滤波、已重采样、厚层、不完整或仍在加载、几何不确定、叠加了哪个 AI，或与另一位患者并列。任何设置都不能去掉这些标记；打印和保存的图片上也有。</translation>
    </message>
    <message>
        <source>Orientation letters come from the file and follow every turn; where the sides are not known none are drawn.</source>
        <translation>方位字母来自文件并随每次旋转更新；左右不明时不显示。</translation>
    </message>
    <message>
        <source>Lengths are in mm only where the file says what a pixel is; else they are in px, and the scale is not drawn.</source>
        <translation>仅当文件说明像素大小时长度才以 mm 表示；否则以像素表示，且不画标尺。</translation>
    </message>
    <message>
        <source>Hanging protocols</source>
        <translation>挂片协议</translation>
    </message>
    <message>
        <source>A hanging protocol says which series goes where. Full stop goes to the next step, comma back; the steps of all protocols that fit the study follow one another.</source>
        <translation>挂片协议规定各序列的位置。句点键转到下一步，逗号键返回；所有适合本次检查的协议步骤依次相接。</translation>
    </message>
    <message>
        <source>Ctrl+Shift+G keeps the present layout as a protocol of your own. What it matches is proposed from the open study and can be changed.</source>
        <translation>Ctrl+Shift+G 将当前布局保存为您自己的协议。匹配条件根据打开的检查自动建议，可以修改。</translation>
    </message>
    <message>
        <source>Mammograms are laid back to back by the laterality, the view and the orientation that their files tell.</source>
        <translation>乳腺 X 线片按文件中的侧别、体位和方向背靠背摆放。</translation>
    </message>
    <message>
        <source>Pictures, films and paper</source>
        <translation>图片、视频与打印</translation>
    </message>
    <message>
        <source>Ctrl+S saves what is seen, or the stored or modality values with 16 bits; Ctrl+Shift+E a whole series as pictures or as a film; Ctrl+P prints.</source>
        <translation>Ctrl+S 保存所见图像，或 16 位的存储值或模态值；Ctrl+Shift+E 将整个序列保存为图片或视频；Ctrl+P 打印。</translation>
    </message>
    <message>
        <source>Without patient data, name, ID, dates, accession number, institution and all free text are left out of the picture and of the file name. Words of your own marks and what machines wrote into the pixels stay: look at the preview.</source>
        <translation>不含患者信息时，图片和文件名中不出现姓名、ID、日期、检查号、医疗机构及所有自由文本。您自己标注的文字以及设备写入像素的内容仍会保留：请查看预览。</translation>
    </message>
    <message>
        <source>When something is wrong</source>
        <translation>出现问题时</translation>
    </message>
    <message>
        <source>Ctrl+M lists every message and every file that could not be read, with the reason. Nothing of a study is left out silently.</source>
        <translation>Ctrl+M 列出所有消息和无法读取的文件及原因。检查中的任何内容都不会被悄悄略去。</translation>
    </message>
    <message>
        <source>Marks and decisions are kept the moment they are made and are there again when the study is opened.</source>
        <translation>标记和判定一经作出即被保存，再次打开检查时仍在。</translation>
    </message>
    <message>
        <source>Also archives (ZIP, TAR) are read where they lie.</source>
        <translation>压缩包（ZIP、TAR）可直接读取。</translation>
    </message>
    <message>
        <source>PNG or TIFF, as seen or as values, with or without patient data.</source>
        <translation>PNG 或 TIFF，所见图像或数值，可含或不含患者信息。</translation>
    </message>
    <message>
        <source>One file for each image, or a film; reading goes on meanwhile.</source>
        <translation>每幅一个文件，或制成视频；其间可继续阅片。</translation>
    </message>
    <message>
        <source>Report, DICOM SR, SEG, presentation state, key images, tables.</source>
        <translation>报告、DICOM SR、SEG、显示状态、关键图像、表格。</translation>
    </message>
    <message>
        <source>Marks, decisions, results shown and layouts.</source>
        <translation>标记、判定、显示的结果和布局。</translation>
    </message>
    <message>
        <source>Point at the size, or use the arrows and Enter.</source>
        <translation>用鼠标指向所需大小，或用方向键和回车。</translation>
    </message>
    <message>
        <source>The viewports show one series, each the image after the one before.</source>
        <translation>各视口显示同一序列，依次为相邻图像。</translation>
    </message>
    <message>
        <source>On another screen where there is one; closing it brings the viewport back.</source>
        <translation>有第二个屏幕时显示在那里；关闭后视口返回原处。</translation>
    </message>
    <message>
        <source>By place in the patient, in one frame of reference; never by the number of the image.</source>
        <translation>在同一参考坐标系中按患者体内位置；从不按图像序号。</translation>
    </message>
    <message>
        <source>For two studies without a common frame of reference: lay them side by side first.</source>
        <translation>用于没有共同参考坐标系的两次检查：先将其对齐。</translation>
    </message>
    <message>
        <source>Where the image of the active viewport cuts the others.</source>
        <translation>显示当前视口图像与其他图像的交线。</translation>
    </message>
    <message>
        <source>The next step of the protocols that fit this study; at the end from the start.</source>
        <translation>适合本次检查的协议的下一步；到末尾后从头开始。</translation>
    </message>
    <message>
        <source>Name it; what it matches is proposed from the open study.</source>
        <translation>为其命名；匹配条件根据打开的检查自动建议。</translation>
    </message>
    <message>
        <source>The second state shows nothing that tells who the patient is.</source>
        <translation>第二种状态不显示任何可识别患者身份的内容。</translation>
    </message>
    <message>
        <source>Which line stands in which corner, for each modality.</source>
        <translation>按设备类型设置各行文字所在的角。</translation>
    </message>
    <message>
        <source>Which of echo, phase, b-value, time … Shift and the arrows move.</source>
        <translation>选择 Shift+方向键移动的维度：回波、时相、b 值、时间等。</translation>
    </message>
    <message>
        <source>From the 1st to the 99th percentile of the image.</source>
        <translation>从图像的第 1 到第 99 百分位。</translation>
    </message>
    <message>
        <source>3 to 9 are the presets of the modality; without presets they narrow, widen and move the window.</source>
        <translation>3 至 9 为该设备类型的预设窗；没有预设时用于缩窄、加宽和移动窗宽窗位。</translation>
    </message>
    <message>
        <source>No interpolation.</source>
        <translation>不插值。</translation>
    </message>
    <message>
        <source>The filters stay chosen; the picture says that they are off.</source>
        <translation>滤波仍保留；图像上注明已关闭。</translation>
    </message>
    <message>
        <source>A click brings every viewport of the same frame of reference to that point.</source>
        <translation>单击使同一参考坐标系的所有视口转到该点。</translation>
    </message>
    <message>
        <source>A round glass, three times as large, while the button is held.</source>
        <translation>按住按键时显示放大三倍的圆形放大镜。</translation>
    </message>
    <message>
        <source>Takes back the drag that is going on; then the tool; then the look of the picture.</source>
        <translation>依次取消：正在进行的拖动、工具、图像外观。</translation>
    </message>
    <message>
        <source>Draw along a line whose length you know; all lengths say that you calibrated them.</source>
        <translation>沿已知长度画线；此后所有长度均注明由您校准。</translation>
    </message>
    <message>
        <source>Longest diameter and the one across it (RECIST).</source>
        <translation>最长径及其垂直径（RECIST）。</translation>
    </message>
    <message>
        <source>Says why models do not fit before one is run.</source>
        <translation>运行前说明哪些模型不适用及原因。</translation>
    </message>
    <message>
        <source>A sign stays on the picture while it is hidden.</source>
        <translation>隐藏时图像上保留标志。</translation>
    </message>
    <message>
        <source>Kept at once, with your name and the time.</source>
        <translation>立即保存，附您的姓名和时间。</translation>
    </message>
    <message>
        <source>All data elements of the file, searchable, compared with another one.</source>
        <translation>文件的全部数据元素，可搜索，可与另一文件比较。</translation>
    </message>
    <message>
        <source>Reports, PDFs, ECGs and all that is no image, with the reason where nothing is drawn.</source>
        <translation>报告、PDF、心电图及一切非图像内容；无法显示时说明原因。</translation>
    </message>
    <message>
        <source>Choose a profile, bind any key or drag anew; conflicts are said.</source>
        <translation>选择方案，重新绑定任何按键或拖动；冲突会提示。</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Topic</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Search in all pages</source>
        <translation>在所有页面中搜索</translation>
    </message>
    <message>
        <source>Topics</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>Read first</source>
        <translation>先读这里</translation>
    </message>
    <message>
        <source>Mouse, touch and pen</source>
        <translation>鼠标、触摸与触控笔</translation>
    </message>
</context>
<context>
    <name>Hint</name>
    <message>
        <source>Drag with the left button to set the window; the wheel goes through the images. The right button zooms.</source>
        <translation>左键拖动调整窗宽窗位；滚轮翻阅图像；右键缩放。</translation>
    </message>
    <message>
        <source>Tools and layouts. Keys 0 to 9 choose windows: 5 mediastinum, 6 bone, 7 lung. F1 lists all keys.</source>
        <translation>工具与布局。数字键 0 至 9 切换窗宽窗位：5 纵隔窗、6 骨窗、7 肺窗。F1 列出所有按键。</translation>
    </message>
    <message>
        <source>The series. A click shows one, dragging puts it into any viewport. A double-click maximises a viewport.</source>
        <translation>序列列表。单击显示，拖动放入任意视口。双击可最大化视口。</translation>
    </message>
    <message>
        <source>Findings and models that fit the series. A click on a finding goes there; J hides all that AI says.</source>
        <translation>发现与适合该序列的模型。单击某项发现可跳转到该处；J 隐藏所有 AI 内容。</translation>
    </message>
    <message>
        <source>Everything stands in the menus with its key. Ctrl+Shift+P finds any command by a few letters.</source>
        <translation>所有功能及其按键都在菜单中。Ctrl+Shift+P 用几个字母即可找到任何命令。</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一条</translation>
    </message>
    <message>
        <source>Show me</source>
        <translation>带我看看</translation>
    </message>
    <message>
        <source>Do not show hints</source>
        <translation>不再显示提示</translation>
    </message>
</context>
<context>
    <name>Histogram</name>
    <message>
        <source>Histogram of the values, with the window</source>
        <translation>数值直方图与窗宽窗位</translation>
    </message>
</context>
<context>
    <name>ImagePanel</name>
    <message>
        <source>Window</source>
        <translation>窗宽窗位</translation>
    </message>
    <message>
        <source>Window preset</source>
        <translation>预设窗</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>窗宽</translation>
    </message>
    <message>
        <source>Centre</source>
        <translation>窗位</translation>
    </message>
    <message>
        <source>Drawn with a lookup table of the file.</source>
        <translation>按文件的查找表显示。</translation>
    </message>
    <message>
        <source>Colour map</source>
        <translation>色图</translation>
    </message>
    <message>
        <source>Numbers beside the values</source>
        <translation>附加数值</translation>
    </message>
    <message>
        <source>Chosen by hand</source>
        <translation>手动</translation>
    </message>
    <message>
        <source>Lookup table {0} of the file</source>
        <translation>文件的查找表 {0}</translation>
    </message>
    <message>
        <source>Window {0} of the file</source>
        <translation>文件自带窗 {0}</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Unit of the file</source>
        <translation>文件给出的单位</translation>
    </message>
    <message>
        <source>Values alone</source>
        <translation>仅原值</translation>
    </message>
</context>
<context>
    <name>Import</name>
    <message>
        <source>Import a network</source>
        <translation>导入网络</translation>
    </message>
    <message>
        <source>An imported network is not trusted until you say so.</source>
        <translation>导入的网络在您确认之前不受信任。</translation>
    </message>
    <message>
        <source>Try on the open series</source>
        <translation>在打开的序列上试运行</translation>
    </message>
    <message>
        <source>Save the package…</source>
        <translation>保存模型包…</translation>
    </message>
    <message>
        <source>Install</source>
        <translation>安装</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Answer what the network cannot say first</source>
        <translation>请先回答网络自身无法说明的内容</translation>
    </message>
    <message>
        <source>Open a series first</source>
        <translation>请先打开一个序列</translation>
    </message>
    <message>
        <source>Concluded from the files</source>
        <translation>由文件推断</translation>
    </message>
    <message>
        <source>What the network cannot say</source>
        <translation>网络自身无法说明的内容</translation>
    </message>
    <message>
        <source>Save the package</source>
        <translation>保存模型包</translation>
    </message>
    <message>
        <source>Model packages</source>
        <translation>模型包</translation>
    </message>
    <message>
        <source>Toward which side of the patient do the tensor&apos;s axes grow?</source>
        <translation>张量各轴指向患者的哪一侧？</translation>
    </message>
    <message>
        <source>Which values does it expect before any scaling?</source>
        <translation>缩放之前，网络需要哪种数值？</translation>
    </message>
    <message>
        <source>What are its classes called, in their order?</source>
        <translation>各类别依次叫什么？</translation>
    </message>
    <message>
        <source>To which spacing in mm was it trained?</source>
        <translation>训练时的体素间距是多少毫米？</translation>
    </message>
    <message>
        <source>How is an image of another size brought to the network&apos;s?</source>
        <translation>其他尺寸的图像如何调整到网络的尺寸？</translation>
    </message>
    <message>
        <source>How are values prepared?</source>
        <translation>数值如何预处理？</translation>
    </message>
    <message>
        <source>Which configuration of the plans was exported?</source>
        <translation>导出的是 plans 中的哪个配置？</translation>
    </message>
    <message>
        <source>Which are the detector&apos;s anchors? (retinanet, ssd300, ssdlite320 or their sides)</source>
        <translation>检测器的锚框是哪一种？（retinanet、ssd300、ssdlite320 或各边长）</translation>
    </message>
    <message>
        <source>By what is the network&apos;s output multiplied to become values of the image?</source>
        <translation>网络输出乘以多少得到图像的值？</translation>
    </message>
    <message>
        <source>Are boxes given in pixels, or from 0 to 1?</source>
        <translation>检测框以像素为单位，还是从 0 到 1？</translation>
    </message>
    <message>
        <source>Which points does each finding have? (names in their order, or how many)</source>
        <translation>每个发现有哪些关键点？（按顺序填写名称，或填写数量）</translation>
    </message>
    <message>
        <source>From which number does it count its classes, 0 or 1?</source>
        <translation>类别编号从 0 还是从 1 开始？</translation>
    </message>
    <message>
        <source>Is each place one of the classes (softmax), or may none or several hold there (sigmoid)?</source>
        <translation>每个位置只属于一个类别（softmax），还是可以不属于任何类别或同时属于多个类别（sigmoid）？</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>For modalities</source>
        <translation>适用的设备类型</translation>
    </message>
</context>
<context>
    <name>Job</name>
    <message>
        <source>Looking for images</source>
        <translation>查找影像</translation>
    </message>
    <message>
        <source>Loading images</source>
        <translation>加载影像</translation>
    </message>
    <message>
        <source>Making the demo study</source>
        <translation>生成演示检查</translation>
    </message>
    <message>
        <source>Filtering the volume</source>
        <translation>容积滤波</translation>
    </message>
    <message>
        <source>Fetching kept results</source>
        <translation>读取已存结果</translation>
    </message>
    <message>
        <source>Saving</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Registering two series</source>
        <translation>配准两个序列</translation>
    </message>
    <message>
        <source>Writing a copy without identity</source>
        <translation>写入去标识化副本</translation>
    </message>
    <message>
        <source>Installing a package</source>
        <translation>安装模型包</translation>
    </message>
    <message>
        <source>Reading a document</source>
        <translation>读取文档</translation>
    </message>
    <message>
        <source>Reading tags</source>
        <translation>读取标签</translation>
    </message>
    <message>
        <source>Working on a label</source>
        <translation>处理标签</translation>
    </message>
    <message>
        <source>Measuring labels</source>
        <translation>测量标签</translation>
    </message>
    <message>
        <source>loading images</source>
        <translation>加载影像</translation>
    </message>
    <message>
        <source>preparing</source>
        <translation>准备</translation>
    </message>
    <message>
        <source>finding the part to look at</source>
        <translation>定位感兴趣区域</translation>
    </message>
    <message>
        <source>network, tile</source>
        <translation>网络推理，分块</translation>
    </message>
    <message>
        <source>back onto the images</source>
        <translation>结果映射回图像</translation>
    </message>
    <message>
        <source>questioning</source>
        <translation>提问</translation>
    </message>
    <message>
        <source>series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>registering</source>
        <translation>配准</translation>
    </message>
    <message>
        <source>objects</source>
        <translation>个对象</translation>
    </message>
    <message>
        <source>computing</source>
        <translation>计算</translation>
    </message>
    <message>
        <source>writing</source>
        <translation>写入</translation>
    </message>
    <message>
        <source>loading the model</source>
        <translation>加载模型</translation>
    </message>
    <message>
        <source>keeping</source>
        <translation>存档</translation>
    </message>
    <message>
        <source>files</source>
        <translation>文件</translation>
    </message>
</context>
<context>
    <name>Jobs</name>
    <message>
        <source>Jobs</source>
        <translation>后台任务</translation>
    </message>
    <message>
        <source>Nothing runs in the background.</source>
        <translation>没有后台任务。</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>LayoutPicker</name>
    <message>
        <source>Choose a grid of viewports</source>
        <translation>选择视口网格</translation>
    </message>
</context>
<context>
    <name>Library</name>
    <message>
        <source>Models and devices</source>
        <translation>模型与设备</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Model packages</source>
        <translation>模型包</translation>
    </message>
    <message>
        <source>About the model</source>
        <translation>关于该模型</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>移除…</translation>
    </message>
    <message>
        <source>Measure the devices</source>
        <translation>测试各设备</translation>
    </message>
    <message>
        <source>Run by itself on every study that is opened and suits it</source>
        <translation>打开适用的检查时自动运行</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>available</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>Do not trust any more</source>
        <translation>不再信任</translation>
    </message>
    <message>
        <source>Trust</source>
        <translation>信任</translation>
    </message>
    <message>
        <source>The message beside the models says what runs, and cancels it</source>
        <translation>模型旁的消息会说明正在运行的内容，并可取消</translation>
    </message>
    <message>
        <source>Trust it first</source>
        <translation>请先信任该模型包</translation>
    </message>
    <message>
        <source>Remove {0} from this computer?</source>
        <translation>要从本机移除 {0} 吗？</translation>
    </message>
    <message>
        <source>Measuring {0}…</source>
        <translation>正在测试 {0}…</translation>
    </message>
    <message>
        <source>{0} ms for {1}</source>
        <translation>{0} 毫秒（{1}）</translation>
    </message>
    <message>
        <source>differs by {0}</source>
        <translation>差异 {0}</translation>
    </message>
    <message>
        <source>decides the same in {0} %</source>
        <translation>判定一致 {0} %</translation>
    </message>
    <message>
        <source>Licence: {0}</source>
        <translation>许可：{0}</translation>
    </message>
    <message>
        <source>Intended use: {0}</source>
        <translation>预期用途：{0}</translation>
    </message>
    <message>
        <source>Network (SHA-256): {0}</source>
        <translation>网络（SHA-256）：{0}</translation>
    </message>
    <message>
        <source>Package (SHA-256): {0}</source>
        <translation>模型包（SHA-256）：{0}</translation>
    </message>
    <message>
        <source>Place: {0}</source>
        <translation>位置：{0}</translation>
    </message>
    <message>
        <source>trusted</source>
        <translation>已信任</translation>
    </message>
    <message>
        <source>not trusted yet</source>
        <translation>尚未信任</translation>
    </message>
    <message>
        <source>Made for: {0}</source>
        <translation>适用于：{0}</translation>
    </message>
    <message>
        <source>Research use, not for diagnosis.</source>
        <translation>仅供研究，不得用于诊断。</translation>
    </message>
    <message>
        <source>Broke down {0} time(s), the last time on {1}: {2}</source>
        <translation>曾崩溃 {0} 次，最近一次在 {1}：{2}</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>More tools</source>
        <translation>更多工具</translation>
    </message>
    <message>
        <source>Open a folder with images</source>
        <translation>打开影像文件夹</translation>
    </message>
    <message>
        <source>Open images</source>
        <translation>打开影像</translation>
    </message>
    <message>
        <source>Install a model package</source>
        <translation>安装模型包</translation>
    </message>
    <message>
        <source>Model packages and networks</source>
        <translation>模型包和网络</translation>
    </message>
</context>
<context>
    <name>MarkEntry</name>
    <message>
        <source>True length</source>
        <translation>实际长度</translation>
    </message>
    <message>
        <source>Text of the mark</source>
        <translation>标记文字</translation>
    </message>
</context>
<context>
    <name>Menu</name>
    <message>
        <source>Planes</source>
        <translation>切面</translation>
    </message>
    <message>
        <source>Move together</source>
        <translation>联动</translation>
    </message>
    <message>
        <source>Hanging protocol</source>
        <translation>挂片协议</translation>
    </message>
    <message>
        <source>Panels and areas</source>
        <translation>面板与区域</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Image</source>
        <translation>图像(&amp;I)</translation>
    </message>
    <message>
        <source>&amp;Tools</source>
        <translation>工具(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Measure</source>
        <translation>测量(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Segment</source>
        <translation>分割(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;AI</source>
        <translation>AI(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Colour map</source>
        <translation>色图</translation>
    </message>
    <message>
        <source>Fusion</source>
        <translation>融合</translation>
    </message>
    <message>
        <source>Cine</source>
        <translation>播放</translation>
    </message>
    <message>
        <source>Go to</source>
        <translation>转到</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>调窗</translation>
    </message>
    <message>
        <source>Copy and move</source>
        <translation>复制与移动</translation>
    </message>
    <message>
        <source>Slab</source>
        <translation>厚层</translation>
    </message>
    <message>
        <source>Three dimensions</source>
        <translation>三维</translation>
    </message>
</context>
<context>
    <name>Message</name>
    <message>
        <source>No images were found in {0}.</source>
        <translation>在 {0} 中未找到影像。</translation>
    </message>
    <message>
        <source>{0} files could not be read; all others are shown.</source>
        <translation>{0} 个文件无法读取，其余均已显示。</translation>
    </message>
    <message>
        <source>Some images of this series cannot be read; they are left out and listed.</source>
        <translation>本序列部分图像无法读取，已略过并列出。</translation>
    </message>
    <message>
        <source>Files of this series have changed since they were listed; it was put together anew and is shown as it is now.</source>
        <translation>该序列的文件在列出之后已更改；序列已重新组建，并按当前内容显示。</translation>
    </message>
    <message>
        <source>These images have no common place in the patient: there is no thickness to project.</source>
        <translation>这些图像在患者坐标中没有共同的位置：没有可投影的厚度。</translation>
    </message>
    <message>
        <source>This is a single slice: there is no thickness to project.</source>
        <translation>这是单幅图像：没有可投影的厚度。</translation>
    </message>
    <message>
        <source>Colours have no maximum and no mean: there are no slabs of colour images.</source>
        <translation>彩色没有最大值和平均值：彩色图像不能做厚层投影。</translation>
    </message>
    <message>
        <source>These images have no common place in the patient: they cannot be cut at another angle.</source>
        <translation>这些图像在患者坐标中没有共同的位置：不能按其他角度重建。</translation>
    </message>
    <message>
        <source>This is a single slice: it cannot be cut at another angle.</source>
        <translation>这是单幅图像：不能按其他角度重建。</translation>
    </message>
    <message>
        <source>What is seen on a projection of everything has no depth: mark and measure it in a plane or a slab.</source>
        <translation>整体投影上的结构没有深度信息：请在平面或厚层中标记和测量。</translation>
    </message>
    <message>
        <source>Draw a path along what is to be straightened and select it; then ask for the picture along it.</source>
        <translation>请先沿要拉直的结构画一条路径并选中它，再生成沿该路径的图像。</translation>
    </message>
    <message>
        <source>There is no picture along this path: {0}.</source>
        <translation>无法生成沿此路径的图像：{0}。</translation>
    </message>
    <message>
        <source>Something unexpected happened: {0}</source>
        <translation>发生意外错误：{0}</translation>
    </message>
    <message>
        <source>Saved as {0}.</source>
        <translation>已保存为 {0}。</translation>
    </message>
    <message>
        <source>{0} is no hanging protocol: {1}: {2}.</source>
        <translation>{0} 不是挂片协议：{1}：{2}。</translation>
    </message>
    <message>
        <source>No hanging protocol fits this study; it stays as it is.</source>
        <translation>没有适合本次检查的挂片协议；布局保持不变。</translation>
    </message>
    <message>
        <source>The hanging protocol {0} finds nothing in this study; it stays as it is.</source>
        <translation>挂片协议“{0}”在本次检查中找不到任何序列；布局保持不变。</translation>
    </message>
    <message>
        <source>The hanging protocol {0} finds no series for: {1}.</source>
        <translation>挂片协议“{0}”缺少以下序列：{1}。</translation>
    </message>
    <message>
        <source>The hanging protocol {0} is kept.</source>
        <translation>挂片协议“{0}”已保存。</translation>
    </message>
    <message>
        <source>Copied to the clipboard.</source>
        <translation>已复制到剪贴板。</translation>
    </message>
    <message>
        <source>The values cannot be written: {0}.</source>
        <translation>数值无法写入：{0}。</translation>
    </message>
    <message>
        <source>The study was closed before everything was written.</source>
        <translation>检查在全部写入之前已被关闭。</translation>
    </message>
    <message>
        <source>{0} holds the images of the study; nothing is written among them unless you say so.</source>
        <translation>{0} 存有该检查的图像；未经确认不会写入其中。</translation>
    </message>
    <message>
        <source>{file} is no longer of the patient and study that were opened; nothing was written.</source>
        <translation>{file} 已不属于所打开的患者和检查；未写入任何内容。</translation>
    </message>
    <message>
        <source>{file} cannot be read again before it is referred to.</source>
        <translation>引用前无法重新读取 {file}。</translation>
    </message>
    <message>
        <source>{0} was not written: {1}.</source>
        <translation>未写入 {0}：{1}。</translation>
    </message>
    <message>
        <source>{0} is no template: {1}.</source>
        <translation>{0} 不是有效模板：{1}。</translation>
    </message>
    <message>
        <source>{0}, line {1}: {2} has no end.</source>
        <translation>{0}，第 {1} 行：{2} 没有结束标记。</translation>
    </message>
    <message>
        <source>{0}, line {1}: {2} ends what did not begin.</source>
        <translation>{0}，第 {1} 行：{2} 没有对应的开始标记。</translation>
    </message>
    <message>
        <source>{0}, line {1}: nothing is called &apos;{2}&apos;.</source>
        <translation>{0}，第 {1} 行：没有名为“{2}”的内容。</translation>
    </message>
    <message>
        <source>The PDF could not be laid out: {0}.</source>
        <translation>无法生成 PDF：{0}。</translation>
    </message>
    <message>
        <source>No study is shown.</source>
        <translation>当前未显示任何检查。</translation>
    </message>
    <message>
        <source>{0} is installed.</source>
        <translation>{0} 已安装。</translation>
    </message>
    <message>
        <source>None of the models is meant for this series.</source>
        <translation>没有适用于本序列的模型。</translation>
    </message>
    <message>
        <source>The settings in {0} cannot be read ({1}); the defaults are used.</source>
        <translation>无法读取 {0} 中的设置（{1}），已采用默认设置。</translation>
    </message>
    <message>
        <source>Some settings in {0} are not sound and were set to their defaults: {1}.</source>
        <translation>{0} 中的部分设置无效，已恢复默认：{1}。</translation>
    </message>
    <message>
        <source>The administrator of this computer has switched this off ({0} in {1}).</source>
        <translation>本机管理员已停用此功能（{1} 中的 {0}）。</translation>
    </message>
    <message>
        <source>The policy in {0} cannot be followed ({1}); everything that it could switch off is switched off.</source>
        <translation>无法执行 {0} 中的策略（{1}）；凡是它能停用的功能均已停用。</translation>
    </message>
    <message>
        <source>The policy in {0} fixes what is no setting or not sound: {1}. The rest of it holds.</source>
        <translation>{0} 中的策略固定了不存在或无效的设置：{1}。其余内容有效。</translation>
    </message>
    <message>
        <source>Safe mode: default settings, networks on the processor only; your own settings are neither read nor changed.</source>
        <translation>安全模式：使用默认设置，模型仅在处理器上运行；不读取也不更改您自己的设置。</translation>
    </message>
    <message>
        <source>The settings were set aside as {0}; marks, results and networks are as they were.</source>
        <translation>设置已另存为 {0}；标记、结果和模型保持不变。</translation>
    </message>
    <message>
        <source>medview ended unexpectedly the last time. What it was doing is kept in {0}, without patient data.</source>
        <translation>medview 上次意外退出。当时的运行情况保存在 {0} 中，不含患者数据。</translation>
    </message>
    <message>
        <source>The settings could not be written to {0}: {1}.</source>
        <translation>无法将设置写入 {0}：{1}。</translation>
    </message>
    <message>
        <source>{file} is of no format that can be opened.</source>
        <translation>{file} 的格式无法打开。</translation>
    </message>
    <message>
        <source>{file} is neither a file nor a folder; it was not opened.</source>
        <translation>{file} 既不是文件也不是文件夹，未打开。</translation>
    </message>
    <message>
        <source>{file} has a DICOM name but is no DICOM file.</source>
        <translation>{file} 的名称像 DICOM，但并不是 DICOM 文件。</translation>
    </message>
    <message>
        <source>{file} cannot be read as DICOM: {0}.</source>
        <translation>无法按 DICOM 读取 {file}：{0}。</translation>
    </message>
    <message>
        <source>{file} cannot be read as a DICOMDIR.</source>
        <translation>无法按 DICOMDIR 读取 {file}。</translation>
    </message>
    <message>
        <source>{file} names a file outside its folder; it was not opened.</source>
        <translation>{file} 指向其文件夹之外的文件，未打开。</translation>
    </message>
    <message>
        <source>{file} lists {0} more files that are not there.</source>
        <translation>{file} 另外列出了 {0} 个不存在的文件。</translation>
    </message>
    <message>
        <source>{file} cannot be read: the archive is damaged.</source>
        <translation>{file} 无法读取：压缩包已损坏。</translation>
    </message>
    <message>
        <source>{file} grows out of all proportion when it is unpacked; it is refused.</source>
        <translation>{file} 解压后大小异常膨胀，已拒绝打开。</translation>
    </message>
    <message>
        <source>{file} is encrypted ({0} files); unpack it with its password and open the folder.</source>
        <translation>{file} 已加密（{0} 个文件）；请用密码解压后打开文件夹。</translation>
    </message>
    <message>
        <source>{file} is packed in a way that is not read here ({2}); unpack it and open the folder.</source>
        <translation>{file} 的压缩方式不受支持（{2}）；请解压后打开文件夹。</translation>
    </message>
    <message>
        <source>{file} is an archive inside an archive; unpack the outer one to open it.</source>
        <translation>{file} 是压缩包中的压缩包；请先解压外层再打开。</translation>
    </message>
    <message>
        <source>{file} did not answer for {0} s (a network or a disk that hangs?); the rest goes on without it.</source>
        <translation>{file} 在 {0} 秒内没有响应（网络或磁盘可能已挂起）；其余部分继续进行。</translation>
    </message>
    <message>
        <source>Too many files did not answer; the scan ended at {file}.</source>
        <translation>没有响应的文件过多；扫描在 {file} 处结束。</translation>
    </message>
    <message>
        <source>{file} has changed since it was listed; open it again to see what it holds now.</source>
        <translation>{file} 在列出之后已被更改；请重新打开以查看现在的内容。</translation>
    </message>
    <message>
        <source>{file} is listed by the DICOMDIR but is not there.</source>
        <translation>DICOMDIR 中列出的 {file} 不存在。</translation>
    </message>
    <message>
        <source>{file} is a copy of another file; it is shown once.</source>
        <translation>{file} 与另一文件重复，只显示一次。</translation>
    </message>
    <message>
        <source>{file} cannot be shown: its series could not be put together.</source>
        <translation>无法显示 {file}：其所在序列无法组合。</translation>
    </message>
    <message>
        <source>The colours have {0} bits and are shown with 8.</source>
        <translation>颜色为 {0} 位，按 8 位显示。</translation>
    </message>
    <message>
        <source>A file ends in the middle of its pixels; what is missing of it is marked.</source>
        <translation>有文件在像素数据中途结束；缺失部分已标出。</translation>
    </message>
    <message>
        <source>A known line calibrates only pictures whose millimetres the file does not know in the patient.</source>
        <translation>只有文件中没有患者毫米信息的图像才能用已知长度的线校准。</translation>
    </message>
    <message>
        <source>The copied mark has no place on this image: the two have no frame of reference in common.</source>
        <translation>复制的标记在此图像上没有位置：两者没有共同的参考坐标系。</translation>
    </message>
    <message>
        <source>{file} cannot be read.</source>
        <translation>无法读取 {file}。</translation>
    </message>
    <message>
        <source>There is no permission to read {file}.</source>
        <translation>没有读取 {file} 的权限。</translation>
    </message>
    <message>
        <source>{file} is not there any more.</source>
        <translation>{file} 已不存在。</translation>
    </message>
    <message>
        <source>{file} ends in the middle of its pixels.</source>
        <translation>{file} 的像素数据不完整（文件被截断）。</translation>
    </message>
    <message>
        <source>The pixels of {file} cannot be decoded.</source>
        <translation>无法解码 {file} 的像素数据。</translation>
    </message>
    <message>
        <source>There is no decoder for the pixels of {file}.</source>
        <translation>没有可用于 {file} 像素数据的解码器。</translation>
    </message>
    <message>
        <source>Decoding {file} took too long.</source>
        <translation>解码 {file} 超时。</translation>
    </message>
    <message>
        <source>The decoder broke down on {file}; the file is damaged.</source>
        <translation>解码 {file} 时解码器崩溃，文件已损坏。</translation>
    </message>
    <message>
        <source>Compressed images cannot be decoded: the decoding process does not start.</source>
        <translation>解码进程无法启动，不能解码压缩影像。</translation>
    </message>
    <message>
        <source>{file} unpacks to too many bytes and is refused.</source>
        <translation>{file} 解压后过大，已拒绝。</translation>
    </message>
    <message>
        <source>The pixels of {file} cannot be used.</source>
        <translation>{file} 的像素数据无法使用。</translation>
    </message>
    <message>
        <source>The pixels of {file} are of a kind that cannot be shown.</source>
        <translation>{file} 的像素类型无法显示。</translation>
    </message>
    <message>
        <source>Loading stopped unexpectedly.</source>
        <translation>加载意外中止。</translation>
    </message>
    <message>
        <source>{file} is not a usable NIfTI file.</source>
        <translation>{file} 不是可用的 NIfTI 文件。</translation>
    </message>
    <message>
        <source>{file} cannot be read as a picture.</source>
        <translation>无法按图片读取 {file}。</translation>
    </message>
    <message>
        <source>{file} cannot be read as a volume.</source>
        <translation>无法按容积数据读取 {file}。</translation>
    </message>
    <message>
        <source>There is not enough memory for this.</source>
        <translation>内存不足。</translation>
    </message>
    <message>
        <source>The link was not opened: it is not one that names a study (medview://open?study=UID&amp;patient=ID).</source>
        <translation>链接未打开：它不是指定检查的链接（medview://open?study=UID&amp;patient=ID）。</translation>
    </message>
    <message>
        <source>The study {0} of the link is in none of the folders that links may open ({1}) and nowhere where it was opened before.</source>
        <translation>在允许链接打开的文件夹（{1} 个）以及以前打开过的位置中均未找到链接所指的检查 {0}。</translation>
    </message>
    <message>
        <source>The study {0} is not one of the patient that the link names; it was not opened.</source>
        <translation>检查 {0} 不属于链接所指的患者，未打开。</translation>
    </message>
    <message>
        <source>{file} could not be written.</source>
        <translation>无法写入 {file}。</translation>
    </message>
    <message>
        <source>Something unexpected happened.</source>
        <translation>发生意外错误。</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation>已取消。</translation>
    </message>
    <message>
        <source>{file} cannot be read: {0}.</source>
        <translation>无法读取 {file}：{0}。</translation>
    </message>
    <message>
        <source>A three-dimensional model; surfaces are not drawn, the file inside can be saved.</source>
        <translation>三维模型；不绘制表面，可保存其中的文件。</translation>
    </message>
    <message>
        <source>Sound; it is not played.</source>
        <translation>声音；不播放。</translation>
    </message>
    <message>
        <source>A presentation state; it says how its images are to be shown and has no picture of its own.</source>
        <translation>显示状态；说明其图像应如何显示，自身没有画面。</translation>
    </message>
    <message>
        <source>Contours on the images that they refer to; they have no picture of their own.</source>
        <translation>位于所引用图像上的轮廓；自身没有画面。</translation>
    </message>
    <message>
        <source>Surfaces in space; they are not drawn.</source>
        <translation>空间曲面；不绘制。</translation>
    </message>
    <message>
        <source>Nerve tracts as lines in space; they are not drawn.</source>
        <translation>以空间线条表示的神经纤维束；不绘制。</translation>
    </message>
    <message>
        <source>It says what the values of its images mean and has no picture of its own.</source>
        <translation>说明其图像数值的含义，自身没有画面。</translation>
    </message>
    <message>
        <source>A transformation between frames of reference; it has no picture of its own.</source>
        <translation>参考坐标系之间的变换；自身没有画面。</translation>
    </message>
    <message>
        <source>Marked points in space; they are not drawn.</source>
        <translation>空间标记点；不绘制。</translation>
    </message>
    <message>
        <source>Data before reconstruction in the scanner&apos;s own form; there is no picture to draw.</source>
        <translation>重建前的扫描仪原始数据；没有可绘制的画面。</translation>
    </message>
    <message>
        <source>Spectra; their curves are not drawn.</source>
        <translation>波谱；不绘制曲线。</translation>
    </message>
    <message>
        <source>A treatment plan; beams and doses are not drawn.</source>
        <translation>治疗计划；不绘制射野与剂量。</translation>
    </message>
    <message>
        <source>A record of a treatment; there is no picture to draw.</source>
        <translation>治疗记录；没有可绘制的画面。</translation>
    </message>
    <message>
        <source>The protocol of a scan; there is no picture to draw.</source>
        <translation>扫描协议；没有可绘制的画面。</translation>
    </message>
    <message>
        <source>Measured values of an eye examination; there is no picture to draw.</source>
        <translation>眼科检查的测量值；没有可绘制的画面。</translation>
    </message>
    <message>
        <source>Annotations of a microscopy image; they are not drawn.</source>
        <translation>显微图像的标注；不绘制。</translation>
    </message>
    <message>
        <source>It says which images form stereo pairs and has no picture of its own.</source>
        <translation>说明哪些图像构成立体像对，自身没有画面。</translation>
    </message>
    <message>
        <source>A message between devices; there is no picture to draw.</source>
        <translation>设备间的消息；没有可绘制的画面。</translation>
    </message>
    <message>
        <source>A directory of other files.</source>
        <translation>其他文件的目录。</translation>
    </message>
    <message>
        <source>An image object without pixel data; nothing can be drawn.</source>
        <translation>没有像素数据的图像对象；无法绘制。</translation>
    </message>
    <message>
        <source>This kind of object is not known here; its attributes can be read in the tag browser.</source>
        <translation>未知的对象类型；可在标签浏览器中查看其属性。</translation>
    </message>
    <message>
        <source>{file} holds no structured report.</source>
        <translation>{file} 中没有结构化报告。</translation>
    </message>
    <message>
        <source>{file} holds no waveform that can be drawn: {0}</source>
        <translation>{file} 中没有可绘制的波形：{0}</translation>
    </message>
    <message>
        <source>{file} holds no document.</source>
        <translation>{file} 中没有文档。</translation>
    </message>
    <message>
        <source>The document in {file} has {0} bytes, more than the {1} that are read.</source>
        <translation>{file} 中的文档有 {0} 字节，超过可读取的 {1} 字节。</translation>
    </message>
    <message>
        <source>The PDF in {file} cannot be drawn.</source>
        <translation>无法绘制 {file} 中的 PDF。</translation>
    </message>
    <message>
        <source>The PDF in {file} asks for a password.</source>
        <translation>{file} 中的 PDF 需要密码。</translation>
    </message>
    <message>
        <source>PDFs cannot be drawn here: pypdfium2 is not installed.</source>
        <translation>无法绘制 PDF：未安装 pypdfium2。</translation>
    </message>
    <message>
        <source>Group {0} of the waveform cannot be drawn.</source>
        <translation>无法绘制波形的第 {0} 组。</translation>
    </message>
    <message>
        <source>Group {0} is cut off: {1} of {2} samples are there.</source>
        <translation>第 {0} 组被截断：共 {2} 个采样，仅有 {1} 个。</translation>
    </message>
    <message>
        <source>The document was not read to its end: it could reach other files or is far too large.</source>
        <translation>文档未读完：它可能访问其他文件，或者过大。</translation>
    </message>
    <message>
        <source>The XML of the document is broken.</source>
        <translation>文档的 XML 已损坏。</translation>
    </message>
    <message>
        <source>The slice has no thickness in the file; {0} mm is assumed.</source>
        <translation>文件未给出层厚，假定为 {0} mm。</translation>
    </message>
    <message>
        <source>The Modality LUT of the file cannot be used; its values are shown as they are stored.</source>
        <translation>文件的模态查找表无法使用；按存储值显示。</translation>
    </message>
    <message>
        <source>A window or VOI LUT of the file is not allowed by the standard and is left out.</source>
        <translation>文件中的某个窗或 VOI LUT 不符合标准，已忽略。</translation>
    </message>
    <message>
        <source>Several images lie at the same position and nothing tells them apart ({0} and {1}); they are shown apart: choose.</source>
        <translation>同一位置有多幅图像且无法区分（{0} 与 {1}），已分开显示：请选择。</translation>
    </message>
    <message>
        <source>Different images have the same SOP Instance UID; all are shown.</source>
        <translation>不同图像具有相同的 SOP 实例 UID，均已显示。</translation>
    </message>
    <message>
        <source>Every image names a frame of reference of its own; they are taken as one.</source>
        <translation>每幅图像的参考坐标系各不相同，已视为同一坐标系。</translation>
    </message>
    <message>
        <source>The slices are sheared by {0} degrees (gantry tilt); positions are true.</source>
        <translation>层面倾斜 {0}°（机架倾斜），位置按真实值显示。</translation>
    </message>
    <message>
        <source>The distances between the slices differ.</source>
        <translation>层间距不一致。</translation>
    </message>
    <message>
        <source>Slice distances run from {0} to {1} mm; true positions are used.</source>
        <translation>层间距为 {0}–{1} mm，不一致；采用真实位置。</translation>
    </message>
    <message>
        <source>{0} slices are missing: between slices {1} and {2} the distance is {3} mm instead of {4} mm.</source>
        <translation>缺少 {0} 个层面：第 {1} 与第 {2} 层之间的距离为 {3} mm，应为 {4} mm。</translation>
    </message>
    <message>
        <source>{0} files of this series cannot be shown ({1}); images may be missing.</source>
        <translation>此序列有 {0} 个文件无法显示（{1}）；可能缺少图像。</translation>
    </message>
    <message>
        <source>Each image of this series has an orientation of its own; they form no volume.</source>
        <translation>本序列各图像方位不同，不能构成容积。</translation>
    </message>
    <message>
        <source>The numbers that the file gives its slices contradict their positions; the positions count.</source>
        <translation>文件给出的层面编号与其位置相矛盾；以位置为准。</translation>
    </message>
    <message>
        <source>Of the {0} objects that this image was cut into, these are missing: {1}.</source>
        <translation>该图像被分成 {0} 个对象，缺少：{1}。</translation>
    </message>
    <message>
        <source>These are tiles of a slide, shown one by one in the order of the file.</source>
        <translation>这些是切片扫描图的图块，按文件顺序逐个显示。</translation>
    </message>
    <message>
        <source>This is a mosaic: one picture holds all slices of a volume side by side.</source>
        <translation>这是拼图（mosaic）图像：一幅图并排包含容积的所有层面。</translation>
    </message>
    <message>
        <source>There is no common position in the patient.</source>
        <translation>在患者体内没有共同的空间位置。</translation>
    </message>
    <message>
        <source>The study holds no series for the model&apos;s channel {0}.</source>
        <translation>检查中没有适合模型通道 {0} 的序列。</translation>
    </message>
    <message>
        <source>No installed model that segments what is pointed at is meant for this series.</source>
        <translation>没有已安装的点选分割模型适用于此序列。</translation>
    </message>
    <message>
        <source>Things are pointed at on slices as they were acquired, not on cuts.</source>
        <translation>点选只能在原始采集层面上进行，不能在重建切面上。</translation>
    </message>
    <message>
        <source>{0} segments what is pointed at: choose its tool and click.</source>
        <translation>{0} 分割所点选的对象：请选择其工具并点击。</translation>
    </message>
    <message>
        <source>{0}.</source>
        <translation>{0}。</translation>
    </message>
    <message>
        <source>{0} takes no points and boxes.</source>
        <translation>{0} 不接受点或框。</translation>
    </message>
    <message>
        <source>Reports and objects are written of one time point.</source>
        <translation>报告和对象只针对一个时间点写出。</translation>
    </message>
    <message>
        <source>{0} has no variant {1} (it has: {2}).</source>
        <translation>{0} 没有变体 {1}（现有：{2}）。</translation>
    </message>
    <message>
        <source>{0} answered with masks and scores that do not belong together.</source>
        <translation>{0} 给出的掩膜与分值不匹配。</translation>
    </message>
    <message>
        <source>Runs because you chose that for what is opened: {0}.</source>
        <translation>按您的设置，打开检查时自动运行：{0}。</translation>
    </message>
    <message>
        <source>The model needs the package {0} before it, which is not installed.</source>
        <translation>该模型需要先运行模型包 {0}，但尚未安装。</translation>
    </message>
    <message>
        <source>A cascade of models never ends: {0}.</source>
        <translation>模型级联无法终止：{0}。</translation>
    </message>
    <message>
        <source>{0} sees only what another model cut out for it; it can be compared, but not be averaged with others.</source>
        <translation>{0} 只看到另一个模型为其裁出的部分；可以与其他模型比较，但不能与其平均。</translation>
    </message>
    <message>
        <source>{0} never saw this place: the model before it cut out another part of the series.</source>
        <translation>{0} 从未看到此处：前一级模型裁出的是序列的另一部分。</translation>
    </message>
    <message>
        <source>Asked about the part of the series that {0} found.</source>
        <translation>仅针对 {0} 在序列中找到的部分提问。</translation>
    </message>
    <message>
        <source>{0} remembers from time point to time point, and one before number {1} was not run to its end.</source>
        <translation>{0} 会在时间点之间保留记忆，而第 {1} 个时间点之前有一个未运行完成。</translation>
    </message>
    <message>
        <source>The slices lie at different places; the model is for the frames of a sequence.</source>
        <translation>各层面位置不同；该模型用于同一位置的图像序列。</translation>
    </message>
    <message>
        <source>Several series suit the model&apos;s channel {0}: {1}.</source>
        <translation>有多个序列适合模型通道 {0}：{1}。</translation>
    </message>
    <message>
        <source>The series for {0} has another frame of reference; it is not registered with the first.</source>
        <translation>通道 {0} 的序列参考坐标系不同，未与第一个序列配准。</translation>
    </message>
    <message>
        <source>The file lacks the preamble or meta header of PS3.10; it was read nevertheless.</source>
        <translation>文件缺少 PS3.10 规定的前导或元信息头，但仍已读取。</translation>
    </message>
    <message>
        <source>SUV cannot be calculated: {0}.</source>
        <translation>无法计算 SUV：{0}。</translation>
    </message>
    <message>
        <source>The file does not name its transfer syntax; it was found by looking at the data.</source>
        <translation>文件未注明传输语法，已根据数据判断。</translation>
    </message>
    <message>
        <source>Distances are those on the scanned film, not in the patient.</source>
        <translation>距离为胶片扫描件上的距离，而非患者体内距离。</translation>
    </message>
    <message>
        <source>The file does not say how it lies in the patient: sides are assumed.</source>
        <translation>文件未说明在患者体内的方位，左右为假定。</translation>
    </message>
    <message>
        <source>Philips display values; the private scale slope for quantitative values is not applied.</source>
        <translation>飞利浦显示值；未应用用于定量的私有缩放斜率。</translation>
    </message>
    <message>
        <source>GE stores images of this sequence (epi_pepolar) that were read out backwards upside down; sides along the columns may be wrong.</source>
        <translation>GE 把该序列（epi_pepolar）反向读出的图像上下颠倒存储；沿列方向的方位可能有误。</translation>
    </message>
    <message>
        <source>The picture is turned upright as its EXIF tag asks.</source>
        <translation>已按 EXIF 标记将图片转正。</translation>
    </message>
    <message>
        <source>Slice positions are written with few decimals; they fit an even spacing of {0} mm.</source>
        <translation>层面位置的小数位较少，符合 {0} mm 的等间距。</translation>
    </message>
    <message>
        <source>The file holds two orientations that differ; the sform is used.</source>
        <translation>文件含两个不一致的方位，采用 sform。</translation>
    </message>
    <message>
        <source>Slices are shifted against one another within their planes; true positions are used.</source>
        <translation>层面在平面内相互错位，采用真实位置。</translation>
    </message>
    <message>
        <source>The file gives its spacing in units of {0} mm.</source>
        <translation>文件的间距单位为 {0} mm。</translation>
    </message>
    <message>
        <source>Something else stands before the file&apos;s DICOM mark; it was read from there on.</source>
        <translation>文件的 DICOM 标记之前有其他内容；从标记处开始读取。</translation>
    </message>
    <message>
        <source>Parts of the header break the rules of DICOM; they were read in the only way that fits together.</source>
        <translation>文件头的部分内容不符合 DICOM 规则；已按唯一能前后一致的方式读取。</translation>
    </message>
    <message>
        <source>A sequence in the header does not say where it ends; it was ended at the next element that fits.</source>
        <translation>文件头中的一个序列没有结束标记；已在下一个合理的元素处结束。</translation>
    </message>
    <message>
        <source>A sequence in the header cannot be read and was left out.</source>
        <translation>文件头中的一个序列无法读取，已略去。</translation>
    </message>
    <message>
        <source>An element in the header has a wrong length; it was ended where the next one begins.</source>
        <translation>文件头中的一个元素长度有误，已在下一个元素开始处截止。</translation>
    </message>
    <message>
        <source>Attributes of the image stand behind its pixels; they were read nevertheless.</source>
        <translation>图像的属性位于像素数据之后；仍已读取。</translation>
    </message>
    <message>
        <source>The file does not say how its pixels are stored (bits, sign or kind); the usual format is assumed.</source>
        <translation>文件没有说明像素的存储方式（位数、符号或类型）；按通常的格式处理。</translation>
    </message>
    <message>
        <source>High Bit contradicts the number of bits; it is ignored.</source>
        <translation>最高位 (High Bit) 与位数矛盾；已忽略。</translation>
    </message>
    <message>
        <source>The file gives only one of rescale slope and intercept; 1 or 0 is taken for the other.</source>
        <translation>文件只给出了重定标斜率和截距中的一个；另一个取 1 或 0。</translation>
    </message>
    <message>
        <source>Pixels of this kind (big endian, VR OB) are written in either order of bytes; that of the transfer syntax is taken.</source>
        <translation>此类像素（大端，VR 为 OB）的字节顺序存在两种写法；此处采用传输语法规定的顺序。</translation>
    </message>
    <message>
        <source>An overlay plane of the file has no valid size and is left out.</source>
        <translation>文件中的一个叠加平面没有有效尺寸，已略去。</translation>
    </message>
    <message>
        <source>The file holds more pixel data than the frames that it announces; what is more is not shown.</source>
        <translation>文件中的像素数据多于其声明的帧数；多出的部分不显示。</translation>
    </message>
    <message>
        <source>The file&apos;s transfer syntax is unknown; its pixel data have the length of plain ones and are read as such.</source>
        <translation>文件的传输语法未知；像素数据的长度与未压缩数据一致，按未压缩数据读取。</translation>
    </message>
    <message>
        <source>Texts of the file do not fit its character set; they may be in {1}, as this one: {0}</source>
        <translation>文件中的文字与其字符集不符；可能采用 {1} 编码，例如：{0}</translation>
    </message>
    <message>
        <source>The data set holds delimiters where none belong; what follows may be missing.</source>
        <translation>数据集中有多余的分隔符，其后内容可能缺失。</translation>
    </message>
    <message>
        <source>The picture&apos;s transparency is not shown.</source>
        <translation>未显示图片的透明度。</translation>
    </message>
    <message>
        <source>Regions of this picture have different scales or none; lengths are in px outside a calibrated region.</source>
        <translation>图中各区域的比例不同或未标定；标定区域之外的长度以像素计。</translation>
    </message>
    <message>
        <source>{0} images lie at each position; the file does not say in what they differ.</source>
        <translation>每个位置有 {0} 幅图像，文件未说明其差别。</translation>
    </message>
    <message>
        <source>The data set is not written in the transfer syntax that the file names; it was read as it is.</source>
        <translation>数据集与文件注明的传输语法不符，已按实际内容读取。</translation>
    </message>
    <message>
        <source>The Modality LUT or rescale of the file leads to X-ray intensities; values and windows are those as stored.</source>
        <translation>文件的 Modality LUT 或重定标换算到的是 X 射线强度；数值与窗宽窗位均按存储值。</translation>
    </message>
    <message>
        <source>Rescale Slope is 0 in the file; it is taken as 1.</source>
        <translation>文件中的重定标斜率为 0，按 1 处理。</translation>
    </message>
    <message>
        <source>This format holds one time point only.</source>
        <translation>该格式只能保存一个时间点。</translation>
    </message>
    <message>
        <source>This value is not allowed for the filter.</source>
        <translation>该滤波不允许此参数值。</translation>
    </message>
    <message>
        <source>There is no filter called {0}.</source>
        <translation>没有名为 {0} 的滤波。</translation>
    </message>
    <message>
        <source>The model is not meant for this series.</source>
        <translation>该模型不适用于本序列。</translation>
    </message>
    <message>
        <source>This is a localiser, not a diagnostic series.</source>
        <translation>这是定位像，不是诊断序列。</translation>
    </message>
    <message>
        <source>This is a screen shot or another secondary capture.</source>
        <translation>这是截屏或其他二次采集图像。</translation>
    </message>
    <message>
        <source>The series is in colour; the model wants {0} values.</source>
        <translation>本序列为彩色，模型需要 {0} 值。</translation>
    </message>
    <message>
        <source>The file does not say its modality; the model is for {0}.</source>
        <translation>文件未注明设备类型；模型适用于 {0}。</translation>
    </message>
    <message>
        <source>The series is {0}; the model is for {1}.</source>
        <translation>本序列为 {0}；模型适用于 {1}。</translation>
    </message>
    <message>
        <source>The series shows {0}; the model is for {1}.</source>
        <translation>本序列部位为 {0}；模型适用于 {1}。</translation>
    </message>
    <message>
        <source>The series does not say what it shows; the model is for {0}.</source>
        <translation>本序列未注明部位；模型适用于 {0}。</translation>
    </message>
    <message>
        <source>The view is not one that the model is for.</source>
        <translation>投照体位不在模型适用范围内。</translation>
    </message>
    <message>
        <source>The series does not say its view; the model is for {0}.</source>
        <translation>该序列未说明投照体位；模型适用于 {0}。</translation>
    </message>
    <message>
        <source>The series was made by {0}; the model is for {1}.</source>
        <translation>该序列由 {0} 采集；模型适用于 {1}。</translation>
    </message>
    <message>
        <source>The series does not say who made it; the model is for {0}.</source>
        <translation>该序列未说明设备厂商；模型适用于 {0}。</translation>
    </message>
    <message>
        <source>Text is burned into the pixels, as the file says; the model is not made for that.</source>
        <translation>文件注明像素中嵌有文字；模型不适用于此类图像。</translation>
    </message>
    <message>
        <source>Text is burned into the pixels, as the file says; the result is less certain.</source>
        <translation>文件注明像素中嵌有文字；结果的可靠性较低。</translation>
    </message>
    <message>
        <source>The model is not for series with this use of contrast agent.</source>
        <translation>对比剂使用情况与模型不符。</translation>
    </message>
    <message>
        <source>The series does not say whether it has contrast.</source>
        <translation>本序列未注明是否使用对比剂。</translation>
    </message>
    <message>
        <source>The model wants {0}; the series has {1}.</source>
        <translation>模型需要 {0}；本序列：{1}。</translation>
    </message>
    <message>
        <source>The lowest value is {0} HU: no air at all. Are the values really HU?</source>
        <translation>最低值为 {0} HU：完全没有空气。这些值真的是 HU 吗？</translation>
    </message>
    <message>
        <source>The file does not say its unit; its values are taken to be {0}.</source>
        <translation>文件未注明单位，数值按 {0} 处理。</translation>
    </message>
    <message>
        <source>The series stores low values as white (MONOCHROME1); the model does not say what then.</source>
        <translation>本序列低值显示为白色（MONOCHROME1），模型未说明如何处理。</translation>
    </message>
    <message>
        <source>The series has {0} slices; the model needs at least {1}.</source>
        <translation>本序列有 {0} 层；模型至少需要 {1} 层。</translation>
    </message>
    <message>
        <source>The series has {0} slices; the model takes at most {1}.</source>
        <translation>本序列有 {0} 层；模型最多接受 {1} 层。</translation>
    </message>
    <message>
        <source>The slices are {0}; the model is for {1}.</source>
        <translation>层面方位为 {0}；模型适用于 {1}。</translation>
    </message>
    <message>
        <source>The distance of slices is {0} mm; the model is for {1} to {2} mm.</source>
        <translation>层间距为 {0} mm；模型适用于 {1}–{2} mm。</translation>
    </message>
    <message>
        <source>A pixel measures {0} mm; the model is for {1} to {2} mm.</source>
        <translation>像素大小为 {0} mm；模型适用于 {1}–{2} mm。</translation>
    </message>
    <message>
        <source>The series does not say how large a pixel is; the model is for {0} to {1} mm.</source>
        <translation>该序列未说明像素大小；模型适用于 {0} 至 {1} mm。</translation>
    </message>
    <message>
        <source>The slices cover {0} mm; the model is for {1} to {2} mm.</source>
        <translation>覆盖范围为 {0} mm；模型适用于 {1}–{2} mm。</translation>
    </message>
    <message>
        <source>The slices are tilted (gantry tilt); the model is not made for that.</source>
        <translation>层面倾斜（机架倾斜），模型不适用。</translation>
    </message>
    <message>
        <source>The slices are tilted (gantry tilt); the result is less certain.</source>
        <translation>层面倾斜（机架倾斜），结果的可靠性降低。</translation>
    </message>
    <message>
        <source>Slices are missing or unevenly spaced; the model is not made for that.</source>
        <translation>层面缺失或间距不等，模型不适用。</translation>
    </message>
    <message>
        <source>Slices are missing or unevenly spaced; the result is less certain there.</source>
        <translation>层面缺失或间距不等，相应处结果的可靠性降低。</translation>
    </message>
    <message>
        <source>The slices are turned by {0}° against the patient; the model takes {1}°.</source>
        <translation>层面相对患者倾斜 {0}°；模型最多接受 {1}°。</translation>
    </message>
    <message>
        <source>The values of the series are unlike those that the model was made for.</source>
        <translation>本序列的数值与模型训练数据不同。</translation>
    </message>
    <message>
        <source>The series is not what the model&apos;s first channel {0} is described as.</source>
        <translation>该序列不符合模型第一通道 {0} 的描述。</translation>
    </message>
    <message>
        <source>The series for {0} has {1} time points, the first series {2}; which belong together is not known.</source>
        <translation>{0} 所用序列有 {1} 个时间点，第一序列有 {2} 个；无法确定其对应关系。</translation>
    </message>
    <message>
        <source>The series for {0} shows another part of the patient; none of it lies where the first does.</source>
        <translation>{0} 所用序列显示患者的其他部位，与第一序列没有重叠。</translation>
    </message>
    <message>
        <source>The series for {0} covers {1} % of the first; its lowest value is taken for the rest.</source>
        <translation>{0} 所用序列覆盖第一序列的 {1} %；其余部分取其最低值。</translation>
    </message>
    <message>
        <source>The values are taken as SUV by body weight: those of the files times {0}.</source>
        <translation>数值按体重换算为 SUV：文件数值乘以 {0}。</translation>
    </message>
    <message>
        <source>The values that the model&apos;s steps give do not fit into the numbers that the network takes.</source>
        <translation>模型步骤得出的数值超出网络输入类型的范围。</translation>
    </message>
    <message>
        <source>Some runs failed; the table holds the reason of each.</source>
        <translation>部分运行失败；表格中列有各自的原因。</translation>
    </message>
    <message>
        <source>Boxes of classes that the manifest does not name were left out: {0}.</source>
        <translation>清单中未命名的类别的检测框已略去：{0}。</translation>
    </message>
    <message>
        <source>The probabilities to be above a grade rise from grade to grade; the grades are less certain.</source>
        <translation>高于各等级的概率随等级升高而增大；分级结果的可靠性较低。</translation>
    </message>
    <message>
        <source>All values of the series are equal; there is nothing for a model to see.</source>
        <translation>本序列所有数值相同，模型无从判断。</translation>
    </message>
    <message>
        <source>There are no values for the model.</source>
        <translation>没有可供模型使用的数值。</translation>
    </message>
    <message>
        <source>The series holds values that are no numbers.</source>
        <translation>本序列含有非数值。</translation>
    </message>
    <message>
        <source>Nothing of the series lies above the model&apos;s threshold.</source>
        <translation>本序列没有高于模型阈值的内容。</translation>
    </message>
    <message>
        <source>Some slices could not be read; a model must not see holes.</source>
        <translation>部分层面无法读取；不能对有缺失的数据运行模型。</translation>
    </message>
    <message>
        <source>The series is too large for this model and this computer.</source>
        <translation>本序列对于该模型和本机而言过大。</translation>
    </message>
    <message>
        <source>The network&apos;s output is out of its range; it was rejected.</source>
        <translation>网络输出超出范围，已拒绝。</translation>
    </message>
    <message>
        <source>The network&apos;s output holds values that are no numbers; it was rejected.</source>
        <translation>网络输出含有非数值，已拒绝。</translation>
    </message>
    <message>
        <source>The network&apos;s output has the wrong shape; it was rejected.</source>
        <translation>网络输出形状不符，已拒绝。</translation>
    </message>
    <message>
        <source>The network failed while running.</source>
        <translation>网络运行失败。</translation>
    </message>
    <message>
        <source>The network {0} broke down ({1}); its process is gone.</source>
        <translation>网络 {0} 已崩溃（{1}），其进程已结束。</translation>
    </message>
    <message>
        <source>The network {0} took too long and was stopped.</source>
        <translation>网络 {0} 运行时间过长，已被终止。</translation>
    </message>
    <message>
        <source>The process for the network {0} does not start: {1}.</source>
        <translation>网络 {0} 的进程无法启动：{1}。</translation>
    </message>
    <message>
        <source>This model broke down {1} time(s) before: {2}.</source>
        <translation>该模型此前曾崩溃 {1} 次：{2}。</translation>
    </message>
    <message>
        <source>The network asks for more memory than {0} has.</source>
        <translation>网络所需内存超过 {0} 的可用内存。</translation>
    </message>
    <message>
        <source>{0} ran out of memory; the model was run on one tile at a time.</source>
        <translation>{0} 内存不足；模型改为逐块运行。</translation>
    </message>
    <message>
        <source>{0} ran out of memory; the model was run on smaller tiles ({1}), which can change its numbers a little.</source>
        <translation>{0} 内存不足；模型改用较小的图块（{1}）运行，数值可能略有变化。</translation>
    </message>
    <message>
        <source>{0} ran out of memory; the model was run on the processor, which takes longer.</source>
        <translation>{0} 内存不足；模型改在处理器上运行，耗时更长。</translation>
    </message>
    <message>
        <source>The network&apos;s output is of the wrong type; it was rejected.</source>
        <translation>网络输出的类型不正确，已拒绝。</translation>
    </message>
    <message>
        <source>The chosen device could not be used; another one computed.</source>
        <translation>所选设备无法使用，已改用其他设备计算。</translation>
    </message>
    <message>
        <source>This device is not there.</source>
        <translation>没有该计算设备。</translation>
    </message>
    <message>
        <source>ONNX Runtime is not installed or cannot be loaded.</source>
        <translation>ONNX Runtime 未安装或无法加载。</translation>
    </message>
    <message>
        <source>The result could not be kept on disk; it is lost when the window closes.</source>
        <translation>结果无法存盘，关闭窗口后将丢失。</translation>
    </message>
    <message>
        <source>The study is not where it was: {0}. Its marks stay kept.</source>
        <translation>检查已不在原处：{0}。其标记仍然保存。</translation>
    </message>
    <message>
        <source>only on {0}</source>
        <translation>仅适用于 {0}</translation>
    </message>
    <message>
        <source>the installed ONNX Runtime {0} does not have it</source>
        <translation>已安装的 ONNX Runtime {0} 不包含此设备</translation>
    </message>
    <message>
        <source>the installed ONNX Runtime {0} does not have it; the package {1} brings it</source>
        <translation>已安装的 ONNX Runtime {0} 不包含此设备；软件包 {1} 提供支持</translation>
    </message>
    <message>
        <source>the installed ONNX Runtime {0} does not have it; set medview up with {1}</source>
        <translation>已安装的 ONNX Runtime {0} 不包含此设备；请以 {1} 重新安装 medview</translation>
    </message>
    <message>
        <source>Nothing can be written to {0} ({1}): marks are lost when medview is closed.</source>
        <translation>无法写入 {0}（{1}）：关闭 medview 后标记将丢失。</translation>
    </message>
    <message>
        <source>Marks could not be kept yet: {0} They are in memory and are tried again with the next one.</source>
        <translation>标记尚未保存：{0} 它们保留在内存中，将随下一个标记重新尝试保存。</translation>
    </message>
    <message>
        <source>Another window changed marks or decisions of this study; they are shown as they are now.</source>
        <translation>另一个窗口更改了本检查的标注或决定；现按最新内容显示。</translation>
    </message>
    <message>
        <source>Another window has new results of this study: {0}.</source>
        <translation>另一窗口对本检查有新的结果：{0}。</translation>
    </message>
    <message>
        <source>Another window discarded results of this study: {0}.</source>
        <translation>另一窗口已舍弃本检查的结果：{0}。</translation>
    </message>
    <message>
        <source>Kept marks on images of these series that are not open: {0}. They stay kept.</source>
        <translation>这些序列中有未打开的图像，其上已保存的标记：{0} 个。它们仍然保存。</translation>
    </message>
    <message>
        <source>Taken over: marks {0}, findings {1}; there already: {2}; not taken over: {3}.</source>
        <translation>已接收：标记 {0}，发现 {1}；已存在：{2}；未接收：{3}。</translation>
    </message>
    <message>
        <source>Not taken over, because the images are not open: {0} ({1}). They stand in the report.</source>
        <translation>因图像未打开而未接收：{0}（{1}）。内容仍见于报告。</translation>
    </message>
    <message>
        <source>Not taken over, because the images are of another patient: {0} ({1}). They stand in the report.</source>
        <translation>因图像属于其他患者而未接收：{0}（{1}）。内容仍见于报告。</translation>
    </message>
    <message>
        <source>Not taken over, because they lie on no slice of the open images: {0} ({1}). They stand in the report.</source>
        <translation>因不在已打开图像的任何层面上而未接收：{0}（{1}）。内容仍见于报告。</translation>
    </message>
    <message>
        <source>Not taken over, because they are of a segmentation, which is laid over the images: {0} ({1}).</source>
        <translation>因属于分割对象（已叠加在图像上）而未接收：{0}（{1}）。</translation>
    </message>
    <message>
        <source>Not taken over, because they have no place in an image: {0} ({1}). They stand in the report.</source>
        <translation>因在图像中没有位置而未接收：{0}（{1}）。内容仍见于报告。</translation>
    </message>
    <message>
        <source>Not taken over, because no mark has their form: {0} ({1}). They stand in the report.</source>
        <translation>因没有相应形状的标记而未接收：{0}（{1}）。内容仍见于报告。</translation>
    </message>
    <message>
        <source>{0} graphics of the state cannot be read and are not drawn.</source>
        <translation>该呈现状态中有 {0} 个图形无法读取，未绘制。</translation>
    </message>
    <message>
        <source>The state subtracts a mask; the images are shown without that.</source>
        <translation>该呈现状态含蒙片减影；图像未做减影显示。</translation>
    </message>
    <message>
        <source>The object holds several maps or meanings of its values ({0}); {1} is laid over the images.</source>
        <translation>该对象含多个参数图或多种数值含义（{0}）；叠加在图像上的是 {1}。</translation>
    </message>
    <message>
        <source>{file} has no single map {0}; it holds: {1}.</source>
        <translation>{file} 中没有唯一的参数图 {0}；其中包含：{1}。</translation>
    </message>
    <message>
        <source>{0} says by frames where it lies, as its images have no place in the patient; not every program reads that.</source>
        <translation>{0} 按帧标明其位置，因为图像没有患者空间位置；并非所有程序都能读取。</translation>
    </message>
    <message>
        <source>{0} says greys: the colour map on the screen is not part of it.</source>
        <translation>{0} 只记录灰度：屏幕上的伪彩不包含在内。</translation>
    </message>
    <message>
        <source>{0} says values as they were acquired: the filters on the screen are not part of it.</source>
        <translation>{0} 记录的是采集时的数值：屏幕上的滤波不包含在内。</translation>
    </message>
    <message>
        <source>{0} is about one series: the one laid over it on the screen is not part of it.</source>
        <translation>{0} 只针对一个序列：屏幕上叠加的另一序列不包含在内。</translation>
    </message>
    <message>
        <source>Not taken over, because the algorithm says that they shall not be shown: {0} ({1}). They stand in the report.</source>
        <translation>因算法声明不应显示而未接收：{0}（{1}）。内容仍见于报告。</translation>
    </message>
    <message>
        <source>The segmentation that is being corrected is of time point {0}: go there, or begin a new one here.</source>
        <translation>正在修改的分割属于第 {0} 个时间点：请转到该时间点，或在此新建一个分割。</translation>
    </message>
    <message>
        <source>Choose a segmentation or begin a new one: the brush has nothing to paint on here.</source>
        <translation>请选择或新建一个分割：此处没有可供画笔绘制的对象。</translation>
    </message>
    <message>
        <source>Nothing was painted: no value under the brush lies between {0} and {1}.</source>
        <translation>没有涂上任何内容：画笔下没有介于 {0} 和 {1} 之间的值。</translation>
    </message>
    <message>
        <source>{0} of what was written was made on other images than those that are open; look at it again.</source>
        <translation>所写内容中有 {0} 项是在不同于当前打开的图像上完成的；请重新查看。</translation>
    </message>
    <message>
        <source>{file} cannot be restored: {0}.</source>
        <translation>{file} 无法恢复：{0}。</translation>
    </message>
    <message>
        <source>{0} entries of the journal and {1} results are in {2}.</source>
        <translation>{2} 中有 {0} 条日志和 {1} 个结果。</translation>
    </message>
    <message>
        <source>{0} entries of the journal and {1} results were brought back from {2}.</source>
        <translation>已从 {2} 恢复 {0} 条日志和 {1} 个结果。</translation>
    </message>
    <message>
        <source>Nothing was changed: the label is empty there.</source>
        <translation>未作更改：标签为空。</translation>
    </message>
    <message>
        <source>Nothing was changed: there is nothing of that kind.</source>
        <translation>未作更改：没有此类内容。</translation>
    </message>
    <message>
        <source>The labels were changed meanwhile, so nothing was done. Try it again.</source>
        <translation>标签在此期间已被更改，因此未执行。请重试。</translation>
    </message>
    <message>
        <source>Strokes on a segmentation that do not fit it: {0}. They stay kept.</source>
        <translation>与分割不符的笔画：{0}。这些笔画仍被保留。</translation>
    </message>
    <message>
        <source>Kept marks by another version of medview that cannot be shown: {0}. They stay kept.</source>
        <translation>由其他版本的 medview 保存而无法显示的标记：{0} 个。它们仍然保存。</translation>
    </message>
    <message>
        <source>The study database {0} is held by another program ({1}).</source>
        <translation>检查数据库 {0} 正被其他程序占用（{1}）。</translation>
    </message>
    <message>
        <source>The study database {0} cannot grow: the disk is full ({1}).</source>
        <translation>检查数据库 {0} 无法增大：磁盘已满（{1}）。</translation>
    </message>
    <message>
        <source>The study database {0} can only be read ({1}).</source>
        <translation>检查数据库 {0} 为只读（{1}）。</translation>
    </message>
    <message>
        <source>The study database {0} cannot be read or written ({1}).</source>
        <translation>检查数据库 {0} 无法读写（{1}）。</translation>
    </message>
    <message>
        <source>The study database {0} was damaged. It was set aside as {1} and made again from the journal.</source>
        <translation>检查数据库 {0} 已损坏。已另存为 {1}，并根据日志重新建立。</translation>
    </message>
    <message>
        <source>The study database {0} was written by a newer medview. It was set aside as {1} and made again from the journal.</source>
        <translation>检查数据库 {0} 由更新版本的 medview 写入。已另存为 {1}，并根据日志重新建立。</translation>
    </message>
    <message>
        <source>{0} objects were written to {1} without identity; {2} were left out.</source>
        <translation>已将 {0} 个对象去标识化写入 {1}；略去 {2} 个。</translation>
    </message>
    <message>
        <source>Dates are shifted or removed; the prefix is letters, figures and hyphens.</source>
        <translation>日期须平移或删除；前缀只能含字母、数字和连字符。</translation>
    </message>
    <message>
        <source>Nothing was written: no series of the study may be shared as it is.</source>
        <translation>未写入任何内容：该检查没有可直接共享的序列。</translation>
    </message>
    <message>
        <source>{file} lies in a folder of the original images; what is shared never lies beside them.</source>
        <translation>{file} 位于原始图像所在的文件夹；共享的副本不会放在原始图像旁边。</translation>
    </message>
    <message>
        <source>{file} still holds what says whose it is, at a place where medview does not know how to take it away.</source>
        <translation>{file} 仍含有身份信息，medview 无法将其去除。</translation>
    </message>
    <message>
        <source>{0} % of what was found lies in several labels at once, which have rows of their own: {1} voxels.</source>
        <translation>所发现内容的 {0} % 同时属于多个标签，这些部分各自单列一行：{1} 个体素。</translation>
    </message>
    <message>
        <source>The file does not say how large a pixel is: there is no true size.</source>
        <translation>文件未说明像素大小，无法以真实大小显示。</translation>
    </message>
    <message>
        <source>The monitor does not say how large it is: there is no true size.</source>
        <translation>显示器未提供其物理尺寸，无法以真实大小显示。</translation>
    </message>
    <message>
        <source>A region grows from one place: the mean of a slab is of none. Show its maximum, its minimum or one slice.</source>
        <translation>区域从一个点开始生长，而厚层平均值不属于任何一点。请显示最大值、最小值或单个层面。</translation>
    </message>
    <message>
        <source>A mark was changed that is not seen now: it is on image {0} of {1}.</source>
        <translation>改动了一个此刻看不到的标记：它在“{1}”的第 {0} 幅图像上。</translation>
    </message>
    <message>
        <source>A mark was changed that is not seen now: it is on a cut of {0}.</source>
        <translation>改动了一个此刻看不到的标记：它在“{0}”的一个切面上。</translation>
    </message>
    <message>
        <source>Only an image as it was acquired can be a key image; this is a cut that no file holds.</source>
        <translation>只有采集的原始图像可以设为关键图像；当前是重建层面，没有文件保存它。</translation>
    </message>
    <message>
        <source>A kept result is damaged and was set aside.</source>
        <translation>已存结果损坏，已移除。</translation>
    </message>
    <message>
        <source>This series cannot carry a DICOM SEG.</source>
        <translation>本序列无法生成 DICOM SEG。</translation>
    </message>
    <message>
        <source>The assumption contradicts the file.</source>
        <translation>假定与文件内容矛盾。</translation>
    </message>
    <message>
        <source>This assumption is not known.</source>
        <translation>未知的假定。</translation>
    </message>
    <message>
        <source>The package&apos;s manifest is not valid.</source>
        <translation>模型包的清单无效。</translation>
    </message>
    <message>
        <source>The package {file} has no manifest.json.</source>
        <translation>模型包 {file} 缺少 manifest.json。</translation>
    </message>
    <message>
        <source>The package&apos;s manifest does not fit its network.</source>
        <translation>模型包的清单与网络不符。</translation>
    </message>
    <message>
        <source>The package&apos;s model card is missing.</source>
        <translation>模型包缺少模型说明卡。</translation>
    </message>
    <message>
        <source>{file} is not a complete ONNX file.</source>
        <translation>{file} 不是完整的 ONNX 文件。</translation>
    </message>
    <message>
        <source>The package&apos;s network {file} is missing.</source>
        <translation>模型包缺少网络文件 {file}。</translation>
    </message>
    <message>
        <source>The network {file} cannot be read.</source>
        <translation>无法读取网络文件 {file}。</translation>
    </message>
    <message>
        <source>The network needs an operator that ONNX Runtime does not have.</source>
        <translation>网络需要 ONNX Runtime 不支持的算子。</translation>
    </message>
    <message>
        <source>The weights {file} are missing from the package.</source>
        <translation>模型包缺少权重文件 {file}。</translation>
    </message>
    <message>
        <source>The network wants weights from outside its package; it is refused.</source>
        <translation>网络引用模型包之外的权重，已拒绝。</translation>
    </message>
    <message>
        <source>The package {file} holds a path that leads out of it; it is refused.</source>
        <translation>模型包 {file} 含有指向包外的路径，已拒绝。</translation>
    </message>
    <message>
        <source>{file} cannot be laid over images: {0}.</source>
        <translation>无法将 {file} 叠加到图像上：{0}。</translation>
    </message>
    <message>
        <source>{0} frames of the segmentation do not say where they lie and are left out.</source>
        <translation>分割中有 {0} 帧未说明其位置，已略去。</translation>
    </message>
    <message>
        <source>It lies in another frame of reference than these images; it is not laid over them.</source>
        <translation>其参考坐标系与这些图像不同，因此不叠加。</translation>
    </message>
    <message>
        <source>No open image lies in its frame of reference; it is not laid over any.</source>
        <translation>已打开的图像均不在其参考坐标系中，因此不叠加。</translation>
    </message>
    <message>
        <source>None of the images that it refers to is open.</source>
        <translation>其引用的图像均未打开。</translation>
    </message>
    <message>
        <source>A blending or volumetric presentation state; medview does not apply these.</source>
        <translation>融合或容积显示状态；medview 不应用此类对象。</translation>
    </message>
    <message>
        <source>A map from stored to real world values; it is listed and not applied.</source>
        <translation>存储值到真实世界值的映射；仅列出，不应用。</translation>
    </message>
    <message>
        <source>{0} structures lie in another frame of reference and are left out: {1}.</source>
        <translation>有 {0} 个结构位于其他参考坐标系，已略去：{1}。</translation>
    </message>
    <message>
        <source>{0} contours cannot be read and are left out ({1}).</source>
        <translation>有 {0} 条轮廓无法读取，已略去（{1}）。</translation>
    </message>
    <message>
        <source>{file} cannot be applied as a presentation state: {0}.</source>
        <translation>无法将 {file} 作为显示状态应用：{0}。</translation>
    </message>
    <message>
        <source>{0} compound graphics of the state come without the simple ones that they stand for and are not drawn.</source>
        <translation>该显示状态中有 {0} 个复合图形没有对应的简单图形，未绘制。</translation>
    </message>
    <message>
        <source>The state turns the image by {0} degrees; only quarter turns are applied.</source>
        <translation>该显示状态将图像旋转 {0} 度；仅支持 90 度的倍数。</translation>
    </message>
    <message>
        <source>{file} is not a readable package.</source>
        <translation>{file} 不是可读取的模型包。</translation>
    </message>
    <message>
        <source>There is no package {file}.</source>
        <translation>没有模型包 {file}。</translation>
    </message>
    <message>
        <source>The network cannot be imported: {0}</source>
        <translation>无法导入该网络：{0}</translation>
    </message>
    <message>
        <source>The network&apos;s channels are not explained: {0}</source>
        <translation>网络的输入通道含义不明：{0}</translation>
    </message>
    <message>
        <source>What the network gives is not explained: {0}</source>
        <translation>网络的输出含义不明：{0}</translation>
    </message>
    <message>
        <source>What the network is for cannot be shown: {0}</source>
        <translation>无法显示该网络的任务：{0}</translation>
    </message>
    <message>
        <source>What the network says of itself cannot be read: {0}</source>
        <translation>无法读取网络自带的说明：{0}</translation>
    </message>
    <message>
        <source>The network&apos;s description {file} cannot be read.</source>
        <translation>无法读取网络的说明文件 {file}。</translation>
    </message>
    <message>
        <source>The network&apos;s description is not complete: {0}</source>
        <translation>网络的说明不完整：{0}</translation>
    </message>
    <message>
        <source>A step of the network&apos;s preparation is not done here as its authors do it: {0}</source>
        <translation>网络预处理中的某一步无法按作者的方式执行：{0}</translation>
    </message>
    <message>
        <source>The network&apos;s description holds an expression, which is never run: {0}</source>
        <translation>网络的说明中含有表达式，表达式从不执行：{0}</translation>
    </message>
    <message>
        <source>{file} holds weights of another kind; export the network to ONNX first.</source>
        <translation>{file} 是其他格式的权重；请先将网络导出为 ONNX。</translation>
    </message>
    <message>
        <source>There are several networks; choose one: {0}</source>
        <translation>有多个网络，请选择其一：{0}</translation>
    </message>
    <message>
        <source>Something about the network has still to be said: {0}</source>
        <translation>关于该网络还有内容需要说明：{0}</translation>
    </message>
    <message>
        <source>An answer about the network cannot be used: {0}</source>
        <translation>关于该网络的回答无法使用：{0}</translation>
    </message>
    <message>
        <source>{file} is there already; name another place.</source>
        <translation>{file} 已存在，请另选位置。</translation>
    </message>
    <message>
        <source>The package {file} unpacks to too many bytes.</source>
        <translation>模型包 {file} 解压后过大。</translation>
    </message>
    <message>
        <source>There is no method {0}: {1}.</source>
        <translation>没有方法 {0}：{1}。</translation>
    </message>
    <message>
        <source>The question takes {0} models, {1} were named.</source>
        <translation>该问题需要 {0} 个模型，实际给出 {1} 个。</translation>
    </message>
    <message>
        <source>{0} answers to points and boxes: without them there is nothing to question.</source>
        <translation>{0} 根据点和框作答：没有它们便无从提问。</translation>
    </message>
    <message>
        <source>The model has no label {0}: {1}.</source>
        <translation>模型没有标签 {0}：{1}。</translation>
    </message>
    <message>
        <source>{0} says nothing of {1} here; choose another place or label.</source>
        <translation>{0} 在此处没有给出 {1}；请选择其他位置或标签。</translation>
    </message>
    <message>
        <source>The place ({0}) lies outside of the series.</source>
        <translation>位置（{0}）在序列之外。</translation>
    </message>
    <message>
        <source>{0} makes an image: there is no score to ask for.</source>
        <translation>{0} 生成图像：没有可询问的评分。</translation>
    </message>
    <message>
        <source>{0} gives no value for each voxel of the series.</source>
        <translation>{0} 不为序列的每个体素给出数值。</translation>
    </message>
    <message>
        <source>The network has no layer with maps of features.</source>
        <translation>网络没有带特征图的层。</translation>
    </message>
    <message>
        <source>The network has no feature maps called {0}; the last ones are: {1}.</source>
        <translation>网络没有名为 {0} 的特征图；最后几个是：{1}。</translation>
    </message>
    <message>
        <source>Nothing that was changed made any difference to the score; the map would be empty.</source>
        <translation>所作改变均未影响评分；分布图将为空。</translation>
    </message>
    <message>
        <source>The map holds values that are not numbers.</source>
        <translation>分布图含有非数值。</translation>
    </message>
    <message>
        <source>Nothing would be varied: choose a shift, noise or axes to mirror.</source>
        <translation>没有任何扰动：请选择平移、噪声或镜像轴。</translation>
    </message>
    <message>
        <source>Nothing is mirrored: the manifest does not say that the network was trained with mirrored images.</source>
        <translation>未作镜像：清单未说明网络以镜像图像训练。</translation>
    </message>
    <message>
        <source>Boxes are varied by noise only: they would have to be moved back.</source>
        <translation>检测框仅以噪声扰动：否则需将其移回。</translation>
    </message>
    <message>
        <source>Eigen-CAM shows what the layer responds to most, whatever label that speaks for.</source>
        <translation>Eigen-CAM 显示该层响应最强之处，与支持哪个标签无关。</translation>
    </message>
    <message>
        <source>The models do not answer the same question ({0}).</source>
        <translation>这些模型回答的不是同一问题（{0}）。</translation>
    </message>
    <message>
        <source>The models have no label in common ({0}): everything that each labels is compared.</source>
        <translation>这些模型没有共同标签（{0}）：比较各自标出的全部内容。</translation>
    </message>
    <message>
        <source>The package {file} cannot be unpacked.</source>
        <translation>无法解压模型包 {file}。</translation>
    </message>
    <message>
        <source>{0} is no colour map: {1}.</source>
        <translation>{0} 不是色图：{1}。</translation>
    </message>
    <message>
        <source>{0} could not be kept in {1}: {2}.</source>
        <translation>{0} 无法保存到 {1}：{2}。</translation>
    </message>
    <message>
        <source>There is no colour map {0}.</source>
        <translation>没有色图 {0}。</translation>
    </message>
    <message>
        <source>There is no series that another could be laid over.</source>
        <translation>没有可供叠加的下层序列。</translation>
    </message>
    <message>
        <source>A series cannot be laid over itself.</source>
        <translation>序列不能叠加到自身。</translation>
    </message>
    <message>
        <source>Series of two patients cannot be laid over each other.</source>
        <translation>不同患者的序列不能相互叠加。</translation>
    </message>
    <message>
        <source>A series of colour pictures cannot be laid over another.</source>
        <translation>彩色图像序列不能叠加到其他序列上。</translation>
    </message>
    <message>
        <source>One of the two series has no place in the patient, so nothing says where they lie over each other.</source>
        <translation>其中一个序列没有患者空间位置，无法确定两者如何叠加。</translation>
    </message>
    <message>
        <source>The files name different frames of reference: nothing says that the two series lie at the same place.</source>
        <translation>两个序列的文件注明了不同的参考坐标系：没有依据表明它们位于同一位置。</translation>
    </message>
    <message>
        <source>The series to lay over is not open any more.</source>
        <translation>要叠加的序列已不再打开。</translation>
    </message>
    <message>
        <source>Registered: moved by {0} mm and turned by {1} degrees. Check it in three planes, then accept or reject it.</source>
        <translation>已配准：移动 {0} mm，旋转 {1} 度。请在三个平面上核对，然后接受或拒绝。</translation>
    </message>
    <message>
        <source>No place was found where the two series are more alike than they are now; nothing was moved.</source>
        <translation>没有找到使两个序列比现在更相似的位置；未作移动。</translation>
    </message>
    <message>
        <source>Registering needs the library SimpleITK, which is not installed here: the package medview-registration brings it.</source>
        <translation>配准需要 SimpleITK 库，此处未安装；安装 medview-registration 软件包即可获得。</translation>
    </message>
    <message>
        <source>One of the two series has slices that cannot be read; it is not registered.</source>
        <translation>其中一个序列有无法读取的层面，未配准。</translation>
    </message>
    <message>
        <source>What nobody has accepted is not written: accept where the series on top lies first.</source>
        <translation>无人接受的位置不会写入文件：请先接受上层序列的位置。</translation>
    </message>
    <message>
        <source>{0} bends one series onto another, by up to {1} mm at the {2} points of its grid. medview moves series as a whole only, so it is not applied.</source>
        <translation>{0} 对一个序列作形变以配准到另一个序列，其网格的 {2} 个点处最大位移 {1} mm。medview 只整体移动序列，因此未应用。</translation>
    </message>
    <message>
        <source>{0} bends one series onto another. medview moves series as a whole only, so it is not applied.</source>
        <translation>{0} 使一个序列变形到另一个序列。medview 只作整体移动，因此未应用。</translation>
    </message>
    <message>
        <source>{0} does not say into which frame of reference it registers; it is not applied.</source>
        <translation>{0} 未说明配准到哪个参考坐标系；未应用。</translation>
    </message>
    <message>
        <source>{0} is not applied: {1}.</source>
        <translation>未应用 {0}：{1}。</translation>
    </message>
    <message>
        <source>These images have no common place in the patient: they cannot be drawn in three dimensions.</source>
        <translation>这些图像在患者体内没有共同的位置，无法作三维显示。</translation>
    </message>
    <message>
        <source>This is a single slice: it cannot be drawn in three dimensions.</source>
        <translation>这只是单个层面，无法作三维显示。</translation>
    </message>
    <message>
        <source>Colour images have no values that could be drawn in three dimensions.</source>
        <translation>彩色图像没有可作三维显示的数值。</translation>
    </message>
    <message>
        <source>There are no values that could be drawn in three dimensions.</source>
        <translation>没有可作三维显示的数值。</translation>
    </message>
    <message>
        <source>No segmentation with a place in the patient is shown here: there is nothing to make a surface of.</source>
        <translation>此处没有显示带患者空间位置的分割：没有可生成表面的内容。</translation>
    </message>
    <message>
        <source>The labels that are shown have no voxel: there is nothing to make a surface of.</source>
        <translation>所显示的标签不含任何体素：没有可生成表面的内容。</translation>
    </message>
    <message>
        <source>{0} surfaces in LPS mm saved in {1}: {2}.</source>
        <translation>已将 {0} 个表面（LPS，mm）保存到 {1}：{2}。</translation>
    </message>
    <message>
        <source>{0} is so large that its surface was made of every {1}. voxel along each side.</source>
        <translation>{0} 过大，其表面沿各方向每 {1} 个体素取一个生成。</translation>
    </message>
    <message>
        <source>Drawing in three dimensions needs the library VTK, which is not installed here: pip install vtk brings it.</source>
        <translation>三维显示需要 VTK 库，此处未安装：可用 pip install vtk 安装。</translation>
    </message>
    <message>
        <source>Drawing in three dimensions needs the library VTK, which is not installed here: the package medview-3d brings it.</source>
        <translation>三维显示需要 VTK 库，此处未安装；安装 medview-3d 软件包即可获得。</translation>
    </message>
    <message>
        <source>This computer cannot draw in three dimensions: OpenGL 3.2 is missing ({0}).</source>
        <translation>这台计算机无法作三维显示：缺少 OpenGL 3.2（{0}）。</translation>
    </message>
    <message>
        <source>There is too little memory to draw in three dimensions: {0} MB are free for it.</source>
        <translation>内存不足，无法作三维显示：可用于此的只有 {0} MB。</translation>
    </message>
    <message>
        <source>Drawing in three dimensions took more memory than there is; its process was ended, nothing else was lost.</source>
        <translation>三维显示所需内存超过现有内存；其进程已结束，其他内容没有丢失。</translation>
    </message>
    <message>
        <source>The process that draws in three dimensions does not start ({0}); nothing else was lost.</source>
        <translation>三维显示的进程无法启动（{0}）；其他内容没有丢失。</translation>
    </message>
    <message>
        <source>The process that draws in three dimensions broke down ({0}); nothing else was lost.</source>
        <translation>三维显示的进程出现故障（{0}）；其他内容没有丢失。</translation>
    </message>
    <message>
        <source>{0} could not be asked for updates ({1}); nothing was changed.</source>
        <translation>无法向 {0} 查询更新（{1}）；没有任何改动。</translation>
    </message>
    <message>
        <source>{0} sends on to another address; medview asks no other, nothing is offered.</source>
        <translation>{0} 要求转到另一个地址；medview 不会查询其他地址，因此不提供更新。</translation>
    </message>
    <message>
        <source>What {0} says of updates is larger than {1} bytes; nothing is offered.</source>
        <translation>{0} 返回的更新信息超过 {1} 字节；不提供更新。</translation>
    </message>
    <message>
        <source>What {0} says of updates is not signed by a key that medview was given; nothing is offered.</source>
        <translation>{0} 返回的更新信息没有用 medview 已知的密钥签名；不提供更新。</translation>
    </message>
    <message>
        <source>What {0} says of updates is signed, but not in a form that this version knows; nothing is offered.</source>
        <translation>{0} 返回的更新信息已签名，但此版本不认识其格式；不提供更新。</translation>
    </message>
    <message>
        <source>What is said of updates held until {0} only; nothing is offered. Where that is still to come, this computer&apos;s date is wrong.</source>
        <translation>更新信息的有效期只到 {0}；不提供更新。如果该日期还没有到，则这台计算机的日期不正确。</translation>
    </message>
    <message>
        <source>What is said of updates is older than what was said before; nothing is offered.</source>
        <translation>更新信息比以前收到的还旧；不提供更新。</translation>
    </message>
    <message>
        <source>This version of medview ({0}) is no longer looked after; there is {1}.</source>
        <translation>此版本的 medview（{0}）不再维护；已有 {1}。</translation>
    </message>
    <message>
        <source>There is a newer medview: {0}. The Help menu says what is new.</source>
        <translation>medview 有新版本：{0}。“帮助”菜单中有更新内容。</translation>
    </message>
</context>
<context>
    <name>Model</name>
    <message>
        <source>Lungs on CT</source>
        <translation>CT 肺分割</translation>
    </message>
    <message>
        <source>Lung nodules on CT</source>
        <translation>CT 肺结节检测</translation>
    </message>
    <message>
        <source>Right lung</source>
        <translation>右肺</translation>
    </message>
    <message>
        <source>Left lung</source>
        <translation>左肺</translation>
    </message>
    <message>
        <source>Lung</source>
        <translation>肺</translation>
    </message>
    <message>
        <source>Lung nodule</source>
        <translation>肺结节</translation>
    </message>
    <message>
        <source>Nodule</source>
        <translation>结节</translation>
    </message>
    <message>
        <source>Liver</source>
        <translation>肝</translation>
    </message>
    <message>
        <source>Spleen</source>
        <translation>脾</translation>
    </message>
    <message>
        <source>Kidney</source>
        <translation>肾</translation>
    </message>
    <message>
        <source>Heart</source>
        <translation>心脏</translation>
    </message>
    <message>
        <source>Normal</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>Bacterial pneumonia</source>
        <translation>细菌性肺炎</translation>
    </message>
    <message>
        <source>Viral pneumonia</source>
        <translation>病毒性肺炎</translation>
    </message>
    <message>
        <source>Grey matter</source>
        <translation>灰质</translation>
    </message>
    <message>
        <source>White matter</source>
        <translation>白质</translation>
    </message>
    <message>
        <source>Label 1</source>
        <translation>标签 1</translation>
    </message>
</context>
<context>
    <name>Monitors</name>
    <message>
        <source>With the luminance of its black and white a monitor is calibrated to the standard display function (DICOM PS3.14): equal steps of grey look equally large.</source>
        <translation>根据显示器黑色与白色的亮度，将其校准到标准显示函数（DICOM PS3.14）：相等的灰阶差看起来也相等。</translation>
    </message>
    <message>
        <source>Monitor</source>
        <translation>显示器</translation>
    </message>
    <message>
        <source>Calibrated to the standard function</source>
        <translation>校准到标准显示函数</translation>
    </message>
    <message>
        <source>Black</source>
        <translation>黑色</translation>
    </message>
    <message>
        <source>White</source>
        <translation>白色</translation>
    </message>
    <message>
        <source>Light of the room on it</source>
        <translation>屏幕上的环境光</translation>
    </message>
    <message>
        <source>Gamma</source>
        <translation>伽马</translation>
    </message>
    <message>
        <source>Show the test pattern on it</source>
        <translation>在此显示器上显示测试图</translation>
    </message>
    <message>
        <source>{0} (not plugged in)</source>
        <translation>{0}（未连接）</translation>
    </message>
    <message>
        <source>Greys are told to the monitor as they are.</source>
        <translation>灰阶原样送往显示器。</translation>
    </message>
    <message>
        <source>White is not brighter than black, the room&apos;s light included.</source>
        <translation>计入环境光后，白色并不比黑色亮。</translation>
    </message>
    <message>
        <source>Steps of grey differ from the standard by up to {0} %, without the calibration by up to {1} %.</source>
        <translation>灰阶差与标准最多相差 {0} %,未校准时最多相差 {1} %。</translation>
    </message>
    <message>
        <source>More than 10 % is too much to read on.</source>
        <translation>超过 10 % 不宜用于阅片。</translation>
    </message>
</context>
<context>
    <name>Mouse</name>
    <message>
        <source>left drag</source>
        <translation>左键拖动</translation>
    </message>
    <message>
        <source>middle drag</source>
        <translation>中键拖动</translation>
    </message>
    <message>
        <source>right drag</source>
        <translation>右键拖动</translation>
    </message>
    <message>
        <source>wheel</source>
        <translation>滚轮</translation>
    </message>
    <message>
        <source>double-click</source>
        <translation>双击</translation>
    </message>
    <message>
        <source>as without the modifier</source>
        <translation>同不按修饰键</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Time, phase, echo</source>
        <translation>时间、时相、回波</translation>
    </message>
    <message>
        <source>More or less of the series on top, else slab</source>
        <translation>叠加序列的比例，无叠加时为厚层厚度</translation>
    </message>
    <message>
        <source>Slab thickness</source>
        <translation>厚层厚度</translation>
    </message>
    <message>
        <source>Maximise and full screen</source>
        <translation>最大化并全屏</translation>
    </message>
    <message>
        <source>Right click</source>
        <translation>右键单击</translation>
    </message>
    <message>
        <source>Menu of the image</source>
        <translation>图像菜单</translation>
    </message>
    <message>
        <source>One finger</source>
        <translation>单指</translation>
    </message>
    <message>
        <source>Two fingers</source>
        <translation>双指</translation>
    </message>
    <message>
        <source>Zoom and pan</source>
        <translation>缩放与平移</translation>
    </message>
    <message>
        <source>Three fingers</source>
        <translation>三指</translation>
    </message>
    <message>
        <source>A finger that stays</source>
        <translation>单指长按</translation>
    </message>
    <message>
        <source>Menu of what lies under it</source>
        <translation>所按之处的菜单</translation>
    </message>
    <message>
        <source>The pen&apos;s other end</source>
        <translation>笔的另一端</translation>
    </message>
    <message>
        <source>Deletes the mark; wipes with the brush in hand</source>
        <translation>删除标记；使用画笔时擦除</translation>
    </message>
    <message>
        <source>Scroll ten images</source>
        <translation>翻十幅</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Hint</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>另有 {0} 项</translation>
    </message>
    <message>
        <source>Close; it stays in the list of messages</source>
        <translation>关闭；仍保留在消息列表中</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>No messages, and every file could be read.</source>
        <translation>没有消息，所有文件均可读取。</translation>
    </message>
    <message>
        <source>Clear messages</source>
        <translation>清空消息</translation>
    </message>
    <message>
        <source>Files that are no images ({0})</source>
        <translation>非影像文件（{0}）</translation>
    </message>
    <message>
        <source>Messages and problems</source>
        <translation>消息与问题</translation>
    </message>
    <message>
        <source>Show the list</source>
        <translation>显示列表</translation>
    </message>
    <message>
        <source>Read again</source>
        <translation>重新读取</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Open another folder</source>
        <translation>打开其他文件夹</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>What is new</source>
        <translation>更新内容</translation>
    </message>
    <message>
        <source>Do it again</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Take it back</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>Object</name>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Key images</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>PDF document</source>
        <translation>PDF 文档</translation>
    </message>
    <message>
        <source>CDA document</source>
        <translation>CDA 文档</translation>
    </message>
    <message>
        <source>3-D model</source>
        <translation>三维模型</translation>
    </message>
    <message>
        <source>Waveform</source>
        <translation>波形</translation>
    </message>
    <message>
        <source>Sound</source>
        <translation>声音</translation>
    </message>
    <message>
        <source>Presentation state</source>
        <translation>显示状态</translation>
    </message>
    <message>
        <source>Contours</source>
        <translation>轮廓</translation>
    </message>
    <message>
        <source>Surfaces</source>
        <translation>曲面</translation>
    </message>
    <message>
        <source>Nerve tracts</source>
        <translation>神经纤维束</translation>
    </message>
    <message>
        <source>Value mapping</source>
        <translation>数值映射</translation>
    </message>
    <message>
        <source>Registration</source>
        <translation>配准</translation>
    </message>
    <message>
        <source>Fiducials</source>
        <translation>基准点</translation>
    </message>
    <message>
        <source>Raw data</source>
        <translation>原始数据</translation>
    </message>
    <message>
        <source>Spectra</source>
        <translation>波谱</translation>
    </message>
    <message>
        <source>Treatment plan</source>
        <translation>治疗计划</translation>
    </message>
    <message>
        <source>Treatment record</source>
        <translation>治疗记录</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>Eye measurements</source>
        <translation>眼科测量</translation>
    </message>
    <message>
        <source>Annotations</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>Stereo pairs</source>
        <translation>立体像对</translation>
    </message>
    <message>
        <source>Workflow message</source>
        <translation>工作流消息</translation>
    </message>
    <message>
        <source>Directory</source>
        <translation>目录</translation>
    </message>
    <message>
        <source>Image without pixels</source>
        <translation>无像素图像</translation>
    </message>
    <message>
        <source>Unknown object</source>
        <translation>未知对象</translation>
    </message>
</context>
<context>
    <name>Objects</name>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Object</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Why it is not drawn</source>
        <translation>不显示的原因</translation>
    </message>
    <message>
        <source>Objects</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Everything that is open is an image.</source>
        <translation>打开的内容全部是图像。</translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>另有 {0} 个</translation>
    </message>
</context>
<context>
    <name>Operation</name>
    <message>
        <source>Mean</source>
        <translation>均值滤波</translation>
    </message>
    <message>
        <source>Median</source>
        <translation>中值滤波</translation>
    </message>
    <message>
        <source>Gaussian</source>
        <translation>高斯滤波</translation>
    </message>
    <message>
        <source>Bilateral</source>
        <translation>双边滤波</translation>
    </message>
    <message>
        <source>Non-local means</source>
        <translation>非局部均值</translation>
    </message>
    <message>
        <source>Unsharp sharpening</source>
        <translation>非锐化掩模锐化</translation>
    </message>
    <message>
        <source>CLAHE</source>
        <translation>CLAHE</translation>
    </message>
    <message>
        <source>Local contrast (CLAHE)</source>
        <translation>局部对比度 (CLAHE)</translation>
    </message>
    <message>
        <source>Curvature anisotropic diffusion</source>
        <translation>曲率各向异性扩散</translation>
    </message>
    <message>
        <source>Curvature diffusion</source>
        <translation>曲率扩散</translation>
    </message>
    <message>
        <source>Sobel edges</source>
        <translation>Sobel 边缘</translation>
    </message>
    <message>
        <source>Laplacian edges</source>
        <translation>Laplacian 边缘</translation>
    </message>
    <message>
        <source>Canny edges</source>
        <translation>Canny 边缘</translation>
    </message>
    <message>
        <source>Morphological opening</source>
        <translation>形态学开运算</translation>
    </message>
    <message>
        <source>Morphological closing</source>
        <translation>形态学闭运算</translation>
    </message>
    <message>
        <source>Radius</source>
        <translation>半径</translation>
    </message>
    <message>
        <source>Sigma</source>
        <translation>σ（标准差）</translation>
    </message>
    <message>
        <source>Value sigma</source>
        <translation>数值 σ</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>强度</translation>
    </message>
    <message>
        <source>Patch radius</source>
        <translation>图块半径</translation>
    </message>
    <message>
        <source>Search radius</source>
        <translation>搜索半径</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>程度</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>Clip limit</source>
        <translation>对比度上限</translation>
    </message>
    <message>
        <source>Tiles per side</source>
        <translation>每边分块数</translation>
    </message>
    <message>
        <source>Iterations</source>
        <translation>迭代次数</translation>
    </message>
    <message>
        <source>Conductance</source>
        <translation>传导系数</translation>
    </message>
    <message>
        <source>Lower threshold</source>
        <translation>低阈值</translation>
    </message>
    <message>
        <source>Upper threshold</source>
        <translation>高阈值</translation>
    </message>
</context>
<context>
    <name>Overlays</name>
    <message>
        <source>From the study&apos;s files</source>
        <translation>来自本检查的文件</translation>
    </message>
    <message>
        <source>Not laid over these images:</source>
        <translation>未叠加到这些图像：</translation>
    </message>
    <message>
        <source>Segmentation</source>
        <translation>分割</translation>
    </message>
    <message>
        <source>Structure set</source>
        <translation>结构集</translation>
    </message>
    <message>
        <source>Dose</source>
        <translation>剂量</translation>
    </message>
    <message>
        <source>Parametric map</source>
        <translation>参数图</translation>
    </message>
    <message>
        <source>Presentation state</source>
        <translation>显示状态</translation>
    </message>
    <message>
        <source>Value map</source>
        <translation>数值映射</translation>
    </message>
    <message>
        <source>Blending state</source>
        <translation>融合显示状态</translation>
    </message>
    <message>
        <source>Correct a copy of this segmentation</source>
        <translation>复制并修正此分割</translation>
    </message>
    <message>
        <source>Show or hide this over the images</source>
        <translation>在图像上显示或隐藏</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>参数图</translation>
    </message>
    <message>
        <source>The object holds {0} maps; one is shown</source>
        <translation>该对象含 {0} 个参数图；每次显示一个</translation>
    </message>
    <message>
        <source>All {0} parts</source>
        <translation>全部 {0} 个部分</translation>
    </message>
    <message>
        <source>Parts</source>
        <translation>组成部分</translation>
    </message>
    <message>
        <source>Click: go to its middle</source>
        <translation>单击：转到其中心</translation>
    </message>
    <message>
        <source>Go to its middle</source>
        <translation>转到其中心</translation>
    </message>
    <message>
        <source>Show this part alone</source>
        <translation>仅显示此部分</translation>
    </message>
    <message>
        <source>Change the colour…</source>
        <translation>更改颜色…</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>不透明度</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>Presentation states</source>
        <translation>显示状态</translation>
    </message>
    <message>
        <source>None: the images as they are</source>
        <translation>无：按图像本身显示</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Type what you want to do</source>
        <translation>输入要执行的操作（中文、拼音首字母或英文）</translation>
    </message>
    <message>
        <source>Find a command</source>
        <translation>查找命令</translation>
    </message>
    <message>
        <source>Not possible now</source>
        <translation>当前不可用</translation>
    </message>
    <message>
        <source>No command is called so</source>
        <translation>没有这样的命令</translation>
    </message>
</context>
<context>
    <name>Pdf</name>
    <message>
        <source>Previous page</source>
        <translation>上一页</translation>
    </message>
    <message>
        <source>Next page</source>
        <translation>下一页</translation>
    </message>
    <message>
        <source>Smaller</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>As wide as the view</source>
        <translation>适应宽度</translation>
    </message>
</context>
<context>
    <name>Plot</name>
    <message>
        <source>Copy as a table (CSV)</source>
        <translation>复制为表格（CSV）</translation>
    </message>
    <message>
        <source>Values along the line</source>
        <translation>沿线剖面图</translation>
    </message>
    <message>
        <source>{0}: min {1}   max {2}   mean {3} {4}</source>
        <translation>{0}：最小 {1}   最大 {2}   平均 {3} {4}</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>距离</translation>
    </message>
    <message>
        <source>Share of each range</source>
        <translation>各自范围内的比例</translation>
    </message>
    <message>
        <source>Regions over time</source>
        <translation>区域的时间曲线</translation>
    </message>
    <message>
        <source>Draw a region on an image of a series with time points first.</source>
        <translation>请先在有多个时间点的序列图像上画一个区域。</translation>
    </message>
    <message>
        <source>Region {0}</source>
        <translation>区域 {0}</translation>
    </message>
    <message>
        <source>Reading {0} images…</source>
        <translation>正在读取 {0} 幅图像…</translation>
    </message>
    <message>
        <source>{0}: from {1} to {2} {3}, highest at {4} {5}</source>
        <translation>{0}：从 {1} 到 {2} {3}，峰值位于 {4} {5}</translation>
    </message>
    <message>
        <source>{0} images cannot be read; the curves have gaps there</source>
        <translation>{0} 幅图像无法读取；曲线在该处中断</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>平均值</translation>
    </message>
</context>
<context>
    <name>Preset</name>
    <message>
        <source>Brain</source>
        <translation>脑</translation>
    </message>
    <message>
        <source>Abdomen</source>
        <translation>腹部</translation>
    </message>
    <message>
        <source>Mediastinum</source>
        <translation>纵隔</translation>
    </message>
    <message>
        <source>Bone</source>
        <translation>骨</translation>
    </message>
    <message>
        <source>Lung</source>
        <translation>肺</translation>
    </message>
    <message>
        <source>Liver</source>
        <translation>肝</translation>
    </message>
    <message>
        <source>Angiography</source>
        <translation>血管造影</translation>
    </message>
    <message>
        <source>Stroke</source>
        <translation>脑卒中</translation>
    </message>
    <message>
        <source>Subdural</source>
        <translation>硬膜下</translation>
    </message>
    <message>
        <source>Posterior fossa</source>
        <translation>后颅窝</translation>
    </message>
    <message>
        <source>Spine</source>
        <translation>脊柱</translation>
    </message>
    <message>
        <source>Petrous bone</source>
        <translation>颞骨岩部</translation>
    </message>
    <message>
        <source>Emphysema</source>
        <translation>肺气肿</translation>
    </message>
    <message>
        <source>Soft tissue</source>
        <translation>软组织</translation>
    </message>
    <message>
        <source>SUV 0–5</source>
        <translation>SUV 0–5</translation>
    </message>
    <message>
        <source>SUV 0–7</source>
        <translation>SUV 0–7</translation>
    </message>
    <message>
        <source>SUV 0–10</source>
        <translation>SUV 0–10</translation>
    </message>
</context>
<context>
    <name>Presets</name>
    <message>
        <source>Modality</source>
        <translation>设备类型</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Centre</source>
        <translation>窗位</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>窗宽</translation>
    </message>
    <message>
        <source>Window presets</source>
        <translation>预设窗</translation>
    </message>
    <message>
        <source>Add the window shown</source>
        <translation>添加当前窗</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>As delivered</source>
        <translation>恢复出厂预设窗</translation>
    </message>
    <message>
        <source>The first seven are called by the keys 3 to 9; those of PET are in SUV.</source>
        <translation>前七项由按键 3 至 9 调用；PET 的预设以 SUV 为单位。</translation>
    </message>
    <message>
        <source>Preset {0}</source>
        <translation>预设 {0}</translation>
    </message>
</context>
<context>
    <name>Print</name>
    <message>
        <source>Without patient data</source>
        <translation>不含患者信息</translation>
    </message>
    <message>
        <source>Printed from medview. Not for diagnosis; lengths on paper are not those of the patient.</source>
        <translation>由 medview 打印。不得用于诊断；纸上的长度不等于患者的实际长度。</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>打印</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>Landscape</source>
        <translation>横向</translation>
    </message>
    <message>
        <source>Portrait</source>
        <translation>纵向</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>All viewports</source>
        <translation>所有视口</translation>
    </message>
    <message>
        <source>The active viewport</source>
        <translation>当前视口</translation>
    </message>
    <message>
        <source>With patient data</source>
        <translation>包含患者信息</translation>
    </message>
    <message>
        <source>Images of this kind often have the name of the patient in their pixels: look at the page.</source>
        <translation>此类图像的像素中常印有患者姓名：请查看页面。</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Save as PDF…</source>
        <translation>保存为 PDF…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>打印…</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>保存为 PDF</translation>
    </message>
</context>
<context>
    <name>Prior</name>
    <message>
        <source>said by the reader</source>
        <translation>由阅片者指认</translation>
    </message>
    <message>
        <source>the same tracking identifier</source>
        <translation>追踪标识相同</translation>
    </message>
    <message>
        <source>the same name</source>
        <translation>名称相同</translation>
    </message>
    <message>
        <source>at the same place</source>
        <translation>位置相同</translation>
    </message>
    <message>
        <source>{0} days</source>
        <translation>间隔 {0} 天</translation>
    </message>
    <message>
        <source>Prior</source>
        <translation>前次检查</translation>
    </message>
    <message>
        <source>The same finding on the prior</source>
        <translation>前次检查中的同一发现</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
</context>
<context>
    <name>Reason</name>
    <message>
        <source>switched off on this computer by its administrator</source>
        <translation>管理员已在此计算机上停用</translation>
    </message>
    <message>
        <source>nothing is open yet</source>
        <translation>尚未打开任何内容</translation>
    </message>
    <message>
        <source>the active viewport shows no image</source>
        <translation>当前视口没有图像</translation>
    </message>
    <message>
        <source>not for what is shown now</source>
        <translation>不适用于当前显示的内容</translation>
    </message>
    <message>
        <source>there is one viewport only</source>
        <translation>只有一个视口</translation>
    </message>
    <message>
        <source>there is one image only</source>
        <translation>只有一幅图像</translation>
    </message>
    <message>
        <source>these images are no volume that could be cut</source>
        <translation>这些图像不构成可重建的容积</translation>
    </message>
    <message>
        <source>these images have no common place in the patient</source>
        <translation>这些图像在患者体内没有共同的位置</translation>
    </message>
    <message>
        <source>colours have no maximum and no mean</source>
        <translation>彩色没有最大值和平均值</translation>
    </message>
    <message>
        <source>no mark is selected</source>
        <translation>未选中标记</translation>
    </message>
    <message>
        <source>no region is selected</source>
        <translation>未选中区域</translation>
    </message>
    <message>
        <source>no line is selected</source>
        <translation>未选中线段</translation>
    </message>
    <message>
        <source>this series has no time points</source>
        <translation>此序列没有时间点</translation>
    </message>
    <message>
        <source>no image of this series is a key image</source>
        <translation>此序列中没有关键图像</translation>
    </message>
    <message>
        <source>no filter is in use</source>
        <translation>未使用滤波</translation>
    </message>
    <message>
        <source>no series lies on top of this one</source>
        <translation>没有叠加的序列</translation>
    </message>
    <message>
        <source>these images are in colour already</source>
        <translation>这些图像本身已是彩色</translation>
    </message>
    <message>
        <source>this series has no segmentation</source>
        <translation>此序列没有分割</translation>
    </message>
    <message>
        <source>no segmentation is being corrected</source>
        <translation>没有正在修正的分割</translation>
    </message>
    <message>
        <source>no finding is selected</source>
        <translation>未选中任何发现</translation>
    </message>
    <message>
        <source>no planes that are turned are shown</source>
        <translation>未显示可旋转的切面</translation>
    </message>
    <message>
        <source>nothing is playing</source>
        <translation>没有正在播放的图像</translation>
    </message>
    <message>
        <source>there are no two dimensions to choose from</source>
        <translation>没有两个可供选择的维度</translation>
    </message>
    <message>
        <source>the files give no other numbers for these values</source>
        <translation>文件未提供其他数值</translation>
    </message>
    <message>
        <source>the files hold no ICC profile</source>
        <translation>文件不含 ICC 配置文件</translation>
    </message>
    <message>
        <source>the files draw nothing over their images</source>
        <translation>文件没有叠加图形</translation>
    </message>
    <message>
        <source>every image could be read</source>
        <translation>所有图像均已读取</translation>
    </message>
    <message>
        <source>the study holds nothing but images</source>
        <translation>此检查只含图像</translation>
    </message>
    <message>
        <source>these images come from no DICOM file</source>
        <translation>这些图像并非来自 DICOM 文件</translation>
    </message>
    <message>
        <source>nothing to take back</source>
        <translation>没有可撤销的操作</translation>
    </message>
    <message>
        <source>nothing was taken back</source>
        <translation>没有可重做的操作</translation>
    </message>
    <message>
        <source>every mark is kept</source>
        <translation>所有标记均已保存</translation>
    </message>
    <message>
        <source>there is no crosshair</source>
        <translation>没有十字线</translation>
    </message>
    <message>
        <source>there is no region on images with time points</source>
        <translation>具有时间点的图像上没有区域</translation>
    </message>
    <message>
        <source>no mark was copied</source>
        <translation>尚未复制标记</translation>
    </message>
    <message>
        <source>no report is open</source>
        <translation>没有打开的报告</translation>
    </message>
    <message>
        <source>nothing was pointed at</source>
        <translation>尚未指定任何位置</translation>
    </message>
    <message>
        <source>no model is running</source>
        <translation>没有正在运行的模型</translation>
    </message>
    <message>
        <source>neither this build nor an administrator says whom to ask</source>
        <translation>安装包和管理员都没有指定向谁查询</translation>
    </message>
</context>
<context>
    <name>Recent</name>
    <message>
        <source>No name</source>
        <translation>无姓名</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>{0} images</source>
        <translation>{0} 幅图像</translation>
    </message>
    <message>
        <source>opened {0}</source>
        <translation>打开于 {0}</translation>
    </message>
    <message>
        <source>Recent studies</source>
        <translation>最近的检查</translation>
    </message>
    <message>
        <source>Patient, date, description, modality …</source>
        <translation>患者、日期、描述、设备类型…</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>No study has been opened yet, or none has these words.</source>
        <translation>尚未打开过检查，或没有符合这些词的检查。</translation>
    </message>
</context>
<context>
    <name>RegionDialog</name>
    <message>
        <source>Histogram of the region</source>
        <translation>区域直方图</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>像素数</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>Study</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Accession</source>
        <translation>检查号</translation>
    </message>
    <message>
        <source>Written</source>
        <translation>书写时间</translation>
    </message>
    <message>
        <source>Institution</source>
        <translation>机构</translation>
    </message>
    <message>
        <source>Made by</source>
        <translation>制作</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Verified by</source>
        <translation>审核者</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>Replaces</source>
        <translation>替代</translation>
    </message>
    <message>
        <source>{0} earlier document(s)</source>
        <translation>{0} 份较早的文档</translation>
    </message>
    <message>
        <source>complete</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>not complete</source>
        <translation>未完成</translation>
    </message>
    <message>
        <source>verified</source>
        <translation>已审核</translation>
    </message>
    <message>
        <source>not verified</source>
        <translation>未审核</translation>
    </message>
    <message>
        <source>preliminary</source>
        <translation>初步</translation>
    </message>
    <message>
        <source>final</source>
        <translation>最终</translation>
    </message>
    <message>
        <source>Report without a title</source>
        <translation>无标题报告</translation>
    </message>
    <message>
        <source>Key images</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Object</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Waveform</source>
        <translation>波形</translation>
    </message>
    <message>
        <source>frames {0}</source>
        <translation>第 {0} 帧</translation>
    </message>
    <message>
        <source>not among the opened files</source>
        <translation>不在已打开的文件中</translation>
    </message>
    <message>
        <source>see item {0}</source>
        <translation>见条目 {0}</translation>
    </message>
    <message>
        <source>{0}, {1} point(s)</source>
        <translation>{0}，{1} 个点</translation>
    </message>
    <message>
        <source>no value</source>
        <translation>无数值</translation>
    </message>
    <message>
        <source>inferred from</source>
        <translation>推断自</translation>
    </message>
    <message>
        <source>selected from</source>
        <translation>选自</translation>
    </message>
    <message>
        <source>This document is damaged: parts of it are missing below.</source>
        <translation>此文档已损坏：下面缺少部分内容。</translation>
    </message>
    <message>
        <source>This document has no content.</source>
        <translation>此文档没有内容。</translation>
    </message>
    <message>
        <source>Find in this document</source>
        <translation>在此文档中查找</translation>
    </message>
    <message>
        <source>Codes</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Show the codes behind the words</source>
        <translation>显示词语对应的编码</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>文档</translation>
    </message>
    <message>
        <source>series {0}, image {1}</source>
        <translation>序列 {0}，图像 {1}</translation>
    </message>
    <message>
        <source>image {0}</source>
        <translation>图像 {0}</translation>
    </message>
    <message>
        <source>Author</source>
        <translation>作者</translation>
    </message>
    <message>
        <source>Custodian</source>
        <translation>保管机构</translation>
    </message>
    <message>
        <source>The document holds a file of the type {0} ({1} bytes), which is not drawn.</source>
        <translation>文档包含类型为 {0} 的文件（{1} 字节），不予显示。</translation>
    </message>
</context>
<context>
    <name>RightPanel</name>
    <message>
        <source>Panel</source>
        <translation>面板</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>AI</source>
        <translation>AI</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
</context>
<context>
    <name>Save</name>
    <message>
        <source>Report with pictures (PDF)</source>
        <translation>图文报告（PDF）</translation>
    </message>
    <message>
        <source>Report with pictures (HTML)</source>
        <translation>图文报告（HTML）</translation>
    </message>
    <message>
        <source>Report with pictures (PDF inside DICOM)</source>
        <translation>图文报告（DICOM 封装 PDF）</translation>
    </message>
    <message>
        <source>Table (CSV)</source>
        <translation>表格（CSV）</translation>
    </message>
    <message>
        <source>Table with provenance (JSON)</source>
        <translation>含来源的数据（JSON）</translation>
    </message>
    <message>
        <source>Report to read</source>
        <translation>供阅读的报告</translation>
    </message>
    <message>
        <source>Findings and marks for other programs (DICOM)</source>
        <translation>供其他程序使用的所见与标记（DICOM）</translation>
    </message>
    <message>
        <source>Segmentations and maps (DICOM)</source>
        <translation>分割与参数图（DICOM）</translation>
    </message>
    <message>
        <source>Tables for research</source>
        <translation>供研究用的表格</translation>
    </message>
    <message>
        <source>Save findings and report</source>
        <translation>保存发现与报告</translation>
    </message>
    <message>
        <source>Language of the report</source>
        <translation>报告语言</translation>
    </message>
    <message>
        <source>binary</source>
        <translation>二值</translation>
    </message>
    <message>
        <source>fractional</source>
        <translation>概率值</translation>
    </message>
    <message>
        <source>label map (few programs read it)</source>
        <translation>标签图（支持的软件较少）</translation>
    </message>
    <message>
        <source>Segmentations as</source>
        <translation>分割存储方式</translation>
    </message>
    <message>
        <source>Reader</source>
        <translation>阅片者</translation>
    </message>
    <message>
        <source>I have read this and stand for it by my name</source>
        <translation>本人已阅并署名负责</translation>
    </message>
    <message>
        <source>Without it everything says that no reader has verified it.</source>
        <translation>不勾选时，所有文件均注明未经阅片者审核。</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>This folder holds the study&apos;s own images. Write among them all the same</source>
        <translation>此文件夹存有该检查的原始图像，仍要写入其中</translation>
    </message>
    <message>
        <source>Preview the report</source>
        <translation>预览报告</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Folder to write into</source>
        <translation>选择写入的文件夹</translation>
    </message>
    <message>
        <source>Measurements, findings and decisions (SR)</source>
        <translation>测量、所见与判定（SR）</translation>
    </message>
    <message>
        <source>Segmentations (SEG)</source>
        <translation>分割（SEG）</translation>
    </message>
    <message>
        <source>Their contours (RT structure set)</source>
        <translation>分割的轮廓（RT 结构集）</translation>
    </message>
    <message>
        <source>Marks and window (presentation state)</source>
        <translation>标记与窗宽窗位（呈现状态）</translation>
    </message>
    <message>
        <source>Key images (key object selection)</source>
        <translation>关键图像（关键对象选择）</translation>
    </message>
    <message>
        <source>Pictures of what was found (secondary capture)</source>
        <translation>所见的图片（二次捕获）</translation>
    </message>
    <message>
        <source>Probability and heat maps (parametric map)</source>
        <translation>概率图与热图（参数图）</translation>
    </message>
    <message>
        <source>At work…</source>
        <translation>正在处理…</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
</context>
<context>
    <name>Saving</name>
    <message>
        <source>Save the segmentation</source>
        <translation>保存分割</translation>
    </message>
    <message>
        <source>Save the registration</source>
        <translation>保存配准</translation>
    </message>
    <message>
        <source>Folder for the surfaces</source>
        <translation>保存表面的文件夹</translation>
    </message>
</context>
<context>
    <name>SeriesPanel</name>
    <message>
        <source>Series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Series {0}</source>
        <translation>序列 {0}</translation>
    </message>
    <message>
        <source>The series of an open study stand here</source>
        <translation>已打开检查的序列将显示在此处</translation>
    </message>
    <message>
        <source>Show in the active viewport</source>
        <translation>在当前视口中显示</translation>
    </message>
    <message>
        <source>Show in viewport</source>
        <translation>显示于视口</translation>
    </message>
    <message>
        <source>{0}: row {1}, column {2}</source>
        <translation>{0}：第 {1} 行第 {2} 列</translation>
    </message>
    <message>
        <source>Three planes</source>
        <translation>三平面</translation>
    </message>
    <message>
        <source>Run the model that fits best</source>
        <translation>运行最适合的模型</translation>
    </message>
    <message>
        <source>Save as pictures or a film…</source>
        <translation>保存为图片或视频…</translation>
    </message>
    <message>
        <source>DICOM tags</source>
        <translation>DICOM 标签</translation>
    </message>
    <message>
        <source>Close the study</source>
        <translation>关闭检查</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Language and look</source>
        <translation>语言与外观</translation>
    </message>
    <message>
        <source>Mouse</source>
        <translation>鼠标</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>影像</translation>
    </message>
    <message>
        <source>Windows</source>
        <translation>预设窗</translation>
    </message>
    <message>
        <source>Monitors</source>
        <translation>显示器</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>恢复默认</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Dim everything but the images</source>
        <translation>除影像外全部调暗</translation>
    </message>
    <message>
        <source>Scroll first</source>
        <translation>翻页优先</translation>
    </message>
    <message>
        <source>Mouse as in</source>
        <translation>鼠标习惯</translation>
    </message>
    <message>
        <source>Speed of windowing</source>
        <translation>调窗速度</translation>
    </message>
    <message>
        <source>Speed of scrolling</source>
        <translation>翻页速度</translation>
    </message>
    <message>
        <source>Scroll the other way round</source>
        <translation>反向翻页</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Without patient</source>
        <translation>隐去患者信息</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Corner text</source>
        <translation>四角信息</translation>
    </message>
    <message>
        <source>Opacity of results</source>
        <translation>结果不透明度</translation>
    </message>
    <message>
        <source>Outline results</source>
        <translation>显示结果轮廓</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Memory for images</source>
        <translation>影像内存</translation>
    </message>
    <message>
        <source>The memory takes effect at the next start.</source>
        <translation>内存设置在下次启动时生效。</translation>
    </message>
    <message>
        <source>Set by the administrator of this computer</source>
        <translation>由本机管理员设定</translation>
    </message>
</context>
<context>
    <name>Share</name>
    <message>
        <source>Share the study without identity</source>
        <translation>去标识化后共享检查</translation>
    </message>
    <message>
        <source>A copy after DICOM PS3.15 (Basic Profile): names, numbers, texts and private data are taken out, all UIDs are replaced. Reports, documents and annotations are left out.</source>
        <translation>按 DICOM PS3.15（基本规范）制作副本：去除姓名、号码、文字和私有数据，替换所有 UID。不包含报告、文档和注释。</translation>
    </message>
    <message>
        <source>moved by an unknown number of days</source>
        <translation>平移未知天数</translation>
    </message>
    <message>
        <source>removed</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Dates</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Keep sex, age, size and weight (SUV needs the weight)</source>
        <translation>保留性别、年龄、身高和体重（SUV 需要体重）</translation>
    </message>
    <message>
        <source>Keep private numbers that the images need (b-values, scales)</source>
        <translation>保留图像所需的私有数值（b 值、比例）</translation>
    </message>
    <message>
        <source>Patients are called</source>
        <translation>患者代号前缀</translation>
    </message>
    <message>
        <source>New folder to write</source>
        <translation>写入的新文件夹</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>A face can be made of the head&apos;s images; it is not taken out.</source>
        <translation>头部图像可重建出面容；未作去除。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Write the copy</source>
        <translation>写入副本</translation>
    </message>
    <message>
        <source>Names are often written into these pictures. Tick what you have looked at:</source>
        <translation>这些图像中常写有姓名。请勾选已核对的序列：</translation>
    </message>
    <message>
        <source>{series} – its file says that there are names</source>
        <translation>{series} – 文件注明图中有姓名</translation>
    </message>
    <message>
        <source>Folder that the new one is made in</source>
        <translation>新文件夹所在位置</translation>
    </message>
    <message>
        <source>At work…</source>
        <translation>正在处理…</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>Keys and mouse</source>
        <translation>快捷键与鼠标</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Keys and mouse as in</source>
        <translation>按键与鼠标习惯</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Take it away there</source>
        <translation>从那里移除</translation>
    </message>
    <message>
        <source>New key</source>
        <translation>新快捷键</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>设定</translation>
    </message>
    <message>
        <source>As before</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>What the profile gives it</source>
        <translation>恢复为该方案的设置</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>恢复默认</translation>
    </message>
    <message>
        <source>It does</source>
        <translation>功能</translation>
    </message>
    <message>
        <source>What the gesture does</source>
        <translation>该手势的功能</translation>
    </message>
    <message>
        <source>Mouse</source>
        <translation>鼠标</translation>
    </message>
    <message>
        <source>Your own {0} changes still hold; “Restore defaults” takes them back.</source>
        <translation>您自己的 {0} 处更改仍然有效；“恢复默认”可撤销。</translation>
    </message>
    <message>
        <source>This key belongs to “{0}”.</source>
        <translation>该快捷键已用于“{0}”。</translation>
    </message>
    <message>
        <source>No gesture does this any more: {0}. Its tool still does.</source>
        <translation>已没有手势用于：{0}。相应工具仍可使用。</translation>
    </message>
    <message>
        <source>The same as: {0}.</source>
        <translation>与以下相同：{0}。</translation>
    </message>
</context>
<context>
    <name>SlabPanel</name>
    <message>
        <source>Slab</source>
        <translation>厚层</translation>
    </message>
    <message>
        <source>What is shown of the slab</source>
        <translation>厚层显示方式</translation>
    </message>
    <message>
        <source>None: the plane alone</source>
        <translation>无：仅显示该层面</translation>
    </message>
    <message>
        <source>Maximum (MIP)</source>
        <translation>最大密度投影（MIP）</translation>
    </message>
    <message>
        <source>Minimum (MinIP)</source>
        <translation>最小密度投影（MinIP）</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>平均值</translation>
    </message>
    <message>
        <source>Thickness of the slab</source>
        <translation>厚层厚度</translation>
    </message>
    <message>
        <source>Thickness of the slab (Alt+Shift and the wheel over the image)</source>
        <translation>厚层厚度（在图像上按 Alt+Shift 并滚动滚轮）</translation>
    </message>
    <message>
        <source>Width across the path</source>
        <translation>路径横向宽度</translation>
    </message>
</context>
<context>
    <name>Solid</name>
    <message>
        <source>Making surfaces: {0} to go</source>
        <translation>正在生成表面：还剩 {0} 个</translation>
    </message>
    <message>
        <source>Preparing three dimensions…</source>
        <translation>正在准备三维显示…</translation>
    </message>
    <message>
        <source>Waiting for all slices…</source>
        <translation>正在等待全部层面…</translation>
    </message>
    <message>
        <source>Preparing three dimensions… {0} %</source>
        <translation>正在准备三维显示… {0} %</translation>
    </message>
    <message>
        <source>Nothing is seen in this look: the values go from {0} to {1}{4}, it shows {2} to {3}{4}.</source>
        <translation>这种外观下看不到任何内容：数值范围为 {0} 至 {1}{4}，该外观显示 {2} 至 {3}{4}。</translation>
    </message>
    <message>
        <source>Choose another one in the Image tab.</source>
        <translation>请在“图像”选项卡中选择其他外观。</translation>
    </message>
    <message>
        <source>A click tries it again.</source>
        <translation>单击可重试。</translation>
    </message>
    <message>
        <source>Opacity of the values</source>
        <translation>各值的不透明度</translation>
    </message>
    <message>
        <source>Pull a point; double-click for a new one; Delete or a right click takes one away</source>
        <translation>拖动控制点；双击添加；按 Delete 或右键单击删除</translation>
    </message>
    <message>
        <source>Three dimensions</source>
        <translation>三维</translation>
    </message>
    <message>
        <source>Look of the volume</source>
        <translation>容积显示方式</translation>
    </message>
    <message>
        <source>Light and shadow</source>
        <translation>光照与阴影</translation>
    </message>
    <message>
        <source>Show the values, not surfaces alone</source>
        <translation>显示体数据，而不仅是表面</translation>
    </message>
    <message>
        <source>Opacity of surfaces</source>
        <translation>表面不透明度</translation>
    </message>
    <message>
        <source>Clipping box</source>
        <translation>裁剪框</translation>
    </message>
    <message>
        <source>Face of the box: {0}</source>
        <translation>裁剪框的面：{0}</translation>
    </message>
    <message>
        <source>The box cuts surfaces too</source>
        <translation>裁剪框也裁剪表面</translation>
    </message>
</context>
<context>
    <name>SolidPreset</name>
    <message>
        <source>CT bone</source>
        <translation>CT 骨</translation>
    </message>
    <message>
        <source>CT skin and soft tissue</source>
        <translation>CT 皮肤与软组织</translation>
    </message>
    <message>
        <source>CT lung and airways</source>
        <translation>CT 肺与气道</translation>
    </message>
    <message>
        <source>CT angiography</source>
        <translation>CT 血管造影</translation>
    </message>
    <message>
        <source>CT maximum (MIP)</source>
        <translation>CT 最大密度投影 (MIP)</translation>
    </message>
    <message>
        <source>MR</source>
        <translation>MR 磁共振</translation>
    </message>
    <message>
        <source>Uptake</source>
        <translation>摄取</translation>
    </message>
    <message>
        <source>Maximum (MIP)</source>
        <translation>最大值（MIP）</translation>
    </message>
</context>
<context>
    <name>SopClass</name>
    <message>
        <source>12-lead ECG Waveform</source>
        <translation>12 导联心电图波形</translation>
    </message>
    <message>
        <source>General ECG Waveform</source>
        <translation>通用心电图波形</translation>
    </message>
    <message>
        <source>Ambulatory ECG Waveform</source>
        <translation>动态心电图波形</translation>
    </message>
    <message>
        <source>Hemodynamic Waveform</source>
        <translation>血流动力学波形</translation>
    </message>
    <message>
        <source>Cardiac Electrophysiology Waveform</source>
        <translation>心脏电生理波形</translation>
    </message>
    <message>
        <source>Basic Voice Audio Waveform</source>
        <translation>基本语音</translation>
    </message>
    <message>
        <source>Basic Text SR</source>
        <translation>基本文本结构化报告</translation>
    </message>
    <message>
        <source>Enhanced SR</source>
        <translation>增强结构化报告</translation>
    </message>
    <message>
        <source>Comprehensive SR</source>
        <translation>综合结构化报告</translation>
    </message>
    <message>
        <source>Comprehensive 3D SR</source>
        <translation>三维综合结构化报告</translation>
    </message>
    <message>
        <source>Mammography CAD SR</source>
        <translation>乳腺 CAD 结构化报告</translation>
    </message>
    <message>
        <source>Chest CAD SR</source>
        <translation>胸部 CAD 结构化报告</translation>
    </message>
    <message>
        <source>Colon CAD SR</source>
        <translation>结肠 CAD 结构化报告</translation>
    </message>
    <message>
        <source>X-Ray Radiation Dose SR</source>
        <translation>X 射线辐射剂量结构化报告</translation>
    </message>
    <message>
        <source>Procedure Log</source>
        <translation>操作日志</translation>
    </message>
    <message>
        <source>Key Object Selection Document</source>
        <translation>关键对象选择文档</translation>
    </message>
    <message>
        <source>Encapsulated PDF</source>
        <translation>封装 PDF</translation>
    </message>
    <message>
        <source>Encapsulated CDA</source>
        <translation>封装 CDA</translation>
    </message>
    <message>
        <source>Encapsulated STL</source>
        <translation>封装 STL</translation>
    </message>
    <message>
        <source>Encapsulated OBJ</source>
        <translation>封装 OBJ</translation>
    </message>
    <message>
        <source>Grayscale Softcopy Presentation State</source>
        <translation>灰度软拷贝显示状态</translation>
    </message>
    <message>
        <source>Color Softcopy Presentation State</source>
        <translation>彩色软拷贝显示状态</translation>
    </message>
    <message>
        <source>Raw Data</source>
        <translation>原始数据</translation>
    </message>
    <message>
        <source>Spatial Registration</source>
        <translation>空间配准</translation>
    </message>
    <message>
        <source>Deformable Spatial Registration</source>
        <translation>形变空间配准</translation>
    </message>
    <message>
        <source>Spatial Fiducials</source>
        <translation>空间基准点</translation>
    </message>
    <message>
        <source>Surface Segmentation</source>
        <translation>曲面分割</translation>
    </message>
    <message>
        <source>Tractography Results</source>
        <translation>纤维束成像结果</translation>
    </message>
    <message>
        <source>Real World Value Mapping</source>
        <translation>真实世界值映射</translation>
    </message>
    <message>
        <source>RT Structure Set</source>
        <translation>放疗结构集</translation>
    </message>
    <message>
        <source>RT Plan</source>
        <translation>放疗计划</translation>
    </message>
    <message>
        <source>RT Ion Plan</source>
        <translation>放疗离子计划</translation>
    </message>
    <message>
        <source>RT Beams Treatment Record</source>
        <translation>放疗射束治疗记录</translation>
    </message>
    <message>
        <source>MR Spectroscopy</source>
        <translation>磁共振波谱</translation>
    </message>
    <message>
        <source>CT Image</source>
        <translation>CT 图像</translation>
    </message>
    <message>
        <source>MR Image</source>
        <translation>MR 图像</translation>
    </message>
    <message>
        <source>Ultrasound Image</source>
        <translation>超声图像</translation>
    </message>
    <message>
        <source>Computed Radiography Image</source>
        <translation>CR 图像</translation>
    </message>
    <message>
        <source>Secondary Capture Image</source>
        <translation>二次采集图像</translation>
    </message>
    <message>
        <source>Positron Emission Tomography Image</source>
        <translation>PET 图像</translation>
    </message>
    <message>
        <source>Digital X-Ray Image - For Presentation</source>
        <translation>数字 X 线图像（用于显示）</translation>
    </message>
    <message>
        <source>Digital Mammography X-Ray Image - For Presentation</source>
        <translation>数字乳腺 X 线图像（用于显示）</translation>
    </message>
    <message>
        <source>Segmentation</source>
        <translation>分割</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Work in the background</source>
        <translation>后台工作</translation>
    </message>
    <message>
        <source>Messages and files that could not be read</source>
        <translation>消息与无法读取的文件</translation>
    </message>
    <message>
        <source>The hanging protocol and its step</source>
        <translation>挂片协议及其步骤</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>另有 {0} 项</translation>
    </message>
    <message>
        <source>Messages: {0}</source>
        <translation>消息：{0}</translation>
    </message>
    <message>
        <source>Device: {0}</source>
        <translation>计算设备：{0}</translation>
    </message>
</context>
<context>
    <name>Step</name>
    <message>
        <source>Look of a result</source>
        <translation>结果的显示方式</translation>
    </message>
    <message>
        <source>Discard a result</source>
        <translation>丢弃结果</translation>
    </message>
    <message>
        <source>Layout</source>
        <translation>布局</translation>
    </message>
    <message>
        <source>Accept a finding</source>
        <translation>接受发现</translation>
    </message>
    <message>
        <source>Reject a finding</source>
        <translation>拒绝发现</translation>
    </message>
    <message>
        <source>Open a finding again</source>
        <translation>将发现改回未判定</translation>
    </message>
    <message>
        <source>Correct a box</source>
        <translation>修正框</translation>
    </message>
    <message>
        <source>Name a finding</source>
        <translation>命名发现</translation>
    </message>
    <message>
        <source>Note on a finding</source>
        <translation>发现的备注</translation>
    </message>
    <message>
        <source>Distance</source>
        <translation>距离</translation>
    </message>
    <message>
        <source>Path</source>
        <translation>折线长度</translation>
    </message>
    <message>
        <source>Angle</source>
        <translation>角度</translation>
    </message>
    <message>
        <source>Cobb angle</source>
        <translation>Cobb 角</translation>
    </message>
    <message>
        <source>Two diameters</source>
        <translation>双径测量</translation>
    </message>
    <message>
        <source>Ellipse</source>
        <translation>椭圆</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Polygon</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>Freehand outline</source>
        <translation>手绘轮廓</translation>
    </message>
    <message>
        <source>Value at a point</source>
        <translation>点值</translation>
    </message>
    <message>
        <source>Arrow</source>
        <translation>箭头</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文字</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>New mark</source>
        <translation>新标记</translation>
    </message>
    <message>
        <source>Delete a mark</source>
        <translation>删除标记</translation>
    </message>
    <message>
        <source>Measure on what is shown</source>
        <translation>按当前显示的内容测量</translation>
    </message>
    <message>
        <source>Write on a mark</source>
        <translation>在标记上写文字</translation>
    </message>
    <message>
        <source>Move a mark</source>
        <translation>移动标记</translation>
    </message>
    <message>
        <source>New label</source>
        <translation>新建标签</translation>
    </message>
    <message>
        <source>Name or colour of a label</source>
        <translation>标签名称或颜色</translation>
    </message>
    <message>
        <source>Edit a segmentation</source>
        <translation>修正分割</translation>
    </message>
    <message>
        <source>New segmentation</source>
        <translation>新建分割</translation>
    </message>
    <message>
        <source>Discard a segmentation</source>
        <translation>丢弃分割</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Paint</source>
        <translation>绘制</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Keep the largest part</source>
        <translation>仅保留最大连通区</translation>
    </message>
    <message>
        <source>Remove islands</source>
        <translation>去除孤立小区域</translation>
    </message>
    <message>
        <source>Fill between slices</source>
        <translation>层间填充</translation>
    </message>
    <message>
        <source>Add another label</source>
        <translation>并入另一标签</translation>
    </message>
    <message>
        <source>Take another label away</source>
        <translation>减去另一标签</translation>
    </message>
    <message>
        <source>Keep what is in another label</source>
        <translation>与另一标签取交集</translation>
    </message>
    <message>
        <source>Clear the label</source>
        <translation>清空标签</translation>
    </message>
    <message>
        <source>Grow a region</source>
        <translation>区域生长</translation>
    </message>
    <message>
        <source>Turn planes</source>
        <translation>旋转平面</translation>
    </message>
    <message>
        <source>Point</source>
        <translation>点</translation>
    </message>
    <message>
        <source>Take over a report</source>
        <translation>接收报告</translation>
    </message>
    <message>
        <source>Draw a volume of uptake</source>
        <translation>画出摄取体积</translation>
    </message>
    <message>
        <source>Key image no more</source>
        <translation>取消关键图像</translation>
    </message>
    <message>
        <source>Key image</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>Note on a key image</source>
        <translation>关键图像备注</translation>
    </message>
    <message>
        <source>Place of the series on top</source>
        <translation>上层序列的位置</translation>
    </message>
    <message>
        <source>Delete marks</source>
        <translation>删除标记</translation>
    </message>
    <message>
        <source>The same finding on the prior</source>
        <translation>前次检查中的同一发现</translation>
    </message>
    <message>
        <source>Clipping box</source>
        <translation>裁剪框</translation>
    </message>
    <message>
        <source>Look in three dimensions</source>
        <translation>三维外观</translation>
    </message>
</context>
<context>
    <name>SuvReason</name>
    <message>
        <source>it is not a plain PET series</source>
        <translation>这不是普通的 PET 序列</translation>
    </message>
    <message>
        <source>its images disagree about dose, patient or corrections</source>
        <translation>各图像的剂量、患者或校正信息不一致</translation>
    </message>
    <message>
        <source>it is not corrected for attenuation and decay</source>
        <translation>未进行衰减校正和衰变校正</translation>
    </message>
    <message>
        <source>there were several injections</source>
        <translation>有多次注射</translation>
    </message>
    <message>
        <source>its values are SUV of a kind that cannot be turned into others</source>
        <translation>其数值是无法换算的 SUV 类型</translation>
    </message>
    <message>
        <source>its counts have no factor to activity</source>
        <translation>计数没有换算为活度的系数</translation>
    </message>
    <message>
        <source>its unit cannot be turned into SUV</source>
        <translation>其单位无法换算为 SUV</translation>
    </message>
    <message>
        <source>the patient&apos;s weight is missing</source>
        <translation>缺少患者体重</translation>
    </message>
    <message>
        <source>dose or half-life is missing</source>
        <translation>缺少注射剂量或半衰期</translation>
    </message>
    <message>
        <source>its decay correction is not to start of scan or injection</source>
        <translation>衰变校正的参考时间既不是扫描开始也不是注射时刻</translation>
    </message>
    <message>
        <source>the injection lies after the scan</source>
        <translation>注射时间晚于扫描时间</translation>
    </message>
    <message>
        <source>the injection lies too long before the scan</source>
        <translation>注射时间早于扫描过久</translation>
    </message>
    <message>
        <source>the time of the scan is missing</source>
        <translation>缺少扫描时间</translation>
    </message>
    <message>
        <source>the time of injection is missing</source>
        <translation>缺少注射时间</translation>
    </message>
</context>
<context>
    <name>Tags</name>
    <message>
        <source>DICOM tags</source>
        <translation>DICOM 标签</translation>
    </message>
    <message>
        <source>Value of the chosen element</source>
        <translation>所选元素的值</translation>
    </message>
    <message>
        <source>Choose a row to see its whole value.</source>
        <translation>选择一行以查看完整的值。</translation>
    </message>
    <message>
        <source>Image of the series</source>
        <translation>序列中的图像</translation>
    </message>
    <message>
        <source>Follow the viewport</source>
        <translation>跟随视口</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search: name, keyword, tag, VR, value, private creator</source>
        <translation>搜索：名称、关键字、标签、VR、值、私有创建者</translation>
    </message>
    <message>
        <source>Private only</source>
        <translation>仅私有</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>No comparison</source>
        <translation>不比较</translation>
    </message>
    <message>
        <source>Compare with the image</source>
        <translation>与图像比较</translation>
    </message>
    <message>
        <source>Compare with a file…</source>
        <translation>与文件比较…</translation>
    </message>
    <message>
        <source>Image to compare with</source>
        <translation>用于比较的图像</translation>
    </message>
    <message>
        <source>Differences only</source>
        <translation>仅差异</translation>
    </message>
    <message>
        <source>Data elements</source>
        <translation>数据元素</translation>
    </message>
    <message>
        <source>Compare with a file</source>
        <translation>与文件比较</translation>
    </message>
    <message>
        <source>{0} found</source>
        <translation>找到 {0} 个</translation>
    </message>
    <message>
        <source>The first {0} are shown; search for more letters.</source>
        <translation>仅显示前 {0} 个；请输入更多字符。</translation>
    </message>
    <message>
        <source>{0} differences</source>
        <translation>{0} 处差异</translation>
    </message>
    <message>
        <source>The file cannot be read: {0}.</source>
        <translation>无法读取文件：{0}。</translation>
    </message>
    <message>
        <source>{0} bytes</source>
        <translation>{0} 字节</translation>
    </message>
    <message>
        <source>Copy the value</source>
        <translation>复制值</translation>
    </message>
    <message>
        <source>Copy the row</source>
        <translation>复制行</translation>
    </message>
    <message>
        <source>Copy the path</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Copy all as text</source>
        <translation>全部复制为文本</translation>
    </message>
    <message>
        <source>Tag</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>VR</source>
        <translation>VR</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>First value</source>
        <translation>第一个值</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Second value</source>
        <translation>第二个值</translation>
    </message>
    <message>
        <source>Private, creator not named</source>
        <translation>私有，创建者未注明</translation>
    </message>
    <message>
        <source>Unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>{0} item(s)</source>
        <translation>{0} 项</translation>
    </message>
    <message>
        <source>the file ends here</source>
        <translation>文件在此结束</translation>
    </message>
    <message>
        <source>a delimiter where none belongs; what follows cannot be read</source>
        <translation>出现不应有的分隔符；其后内容无法读取</translation>
    </message>
    <message>
        <source>no item where one must begin; what follows cannot be read</source>
        <translation>应为条目处没有条目；其后内容无法读取</translation>
    </message>
    <message>
        <source>nested too deeply; not read any further</source>
        <translation>嵌套过深；不再继续读取</translation>
    </message>
    <message>
        <source>too many elements; not read any further</source>
        <translation>元素过多；不再继续读取</translation>
    </message>
    <message>
        <source>bytes behind the last element</source>
        <translation>最后一个元素之后还有字节</translation>
    </message>
</context>
<context>
    <name>TestPattern</name>
    <message>
        <source>Test pattern</source>
        <translation>测试图</translation>
    </message>
    <message>
        <source>no display profile: greys are told as they are</source>
        <translation>没有显示器特性：灰阶原样输出</translation>
    </message>
    <message>
        <source>calibrated to the standard function, {0} to {1} cd/m²; steps within {2} %</source>
        <translation>已校准到标准显示函数，{0} 至 {1} cd/m²；灰阶差偏差在 {2} % 以内</translation>
    </message>
    <message>
        <source>calibration off, {0} to {1} cd/m²; steps within {2} %</source>
        <translation>校准已关闭，{0} 至 {1} cd/m²；灰阶差偏差在 {2} % 以内</translation>
    </message>
    <message>
        <source>more than 10 %</source>
        <translation>超过 10 %</translation>
    </message>
    <message>
        <source>To be seen: 18 greys, four corners in each; the small squares of 5 % and 95 %;</source>
        <translation>应能看到：18 级灰阶，每级四角的小方块；5 % 与 95 % 的小方块；</translation>
    </message>
    <message>
        <source>single lines in the middle and in the corners; ramps without bands; square squares.</source>
        <translation>中央与四角的单根线条；无条带的渐变；方格应为正方形。</translation>
    </message>
    <message>
        <source>C: calibration off and on    Esc: close</source>
        <translation>C:关闭或开启校准    Esc:关闭</translation>
    </message>
</context>
<context>
    <name>Tour</name>
    <message>
        <source>Tour</source>
        <translation>导览</translation>
    </message>
    <message>
        <source>Skip</source>
        <translation>跳过</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
</context>
<context>
    <name>Updates</name>
    <message>
        <source>Updates</source>
        <translation>更新</translation>
    </message>
    <message>
        <source>This is medview {0}</source>
        <translation>当前版本为 medview {0}</translation>
    </message>
    <message>
        <source>What is new</source>
        <translation>更新内容</translation>
    </message>
    <message>
        <source>Check now</source>
        <translation>立即检查</translation>
    </message>
    <message>
        <source>Open the download page</source>
        <translation>打开下载页面</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Asked is {0}.</source>
        <translation>查询对象为 {0}。</translation>
    </message>
    <message>
        <source>medview itself downloads and installs nothing.</source>
        <translation>medview 本身不会下载或安装任何东西。</translation>
    </message>
    <message>
        <source>Asking …</source>
        <translation>正在查询…</translation>
    </message>
    <message>
        <source>medview {0} of {1} can be had.</source>
        <translation>已有 medview {0}（{1}）。</translation>
    </message>
    <message>
        <source>The version that you use is no longer looked after.</source>
        <translation>您使用的版本已不再维护。</translation>
    </message>
    <message>
        <source>This is the newest version.</source>
        <translation>已是最新版本。</translation>
    </message>
    <message>
        <source>SHA-256 of the packages, to compare with what you download:</source>
        <translation>各安装包的 SHA-256，供下载后核对：</translation>
    </message>
    <message>
        <source>Look for a newer medview once a day</source>
        <translation>每天检查一次 medview 新版本</translation>
    </message>
    <message>
        <source>Neither this build nor an administrator says whom to ask: nothing is ever asked.</source>
        <translation>安装包和管理员都没有指定向谁查询：从不查询。</translation>
    </message>
    <message>
        <source>The administrator of this computer has switched this off: nothing is ever asked.</source>
        <translation>这台计算机的管理员已关闭此功能：从不查询。</translation>
    </message>
    <message>
        <source>One signed text is asked for. Nothing about you, this computer or a patient is sent with it.</source>
        <translation>只查询一份带签名的文本。不会随之发送任何关于您、这台计算机或患者的信息。</translation>
    </message>
</context>
<context>
    <name>Uptake</name>
    <message>
        <source>Volume of uptake</source>
        <translation>摄取体积</translation>
    </message>
    <message>
        <source>From where on</source>
        <translation>阈值规则</translation>
    </message>
    <message>
        <source>{0} % of the maximum</source>
        <translation>最大值的 {0} %</translation>
    </message>
    <message>
        <source>SUV {0} and more</source>
        <translation>SUV {0} 及以上</translation>
    </message>
    <message>
        <source>A value of my own</source>
        <translation>自定义值</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>What hangs together with the hottest voxel that is reached from the region, uphill through the slices. Peak: the highest mean of a sphere of 1 ml (12.4 mm across) around one of its voxels.</source>
        <translation>从区域出发跨层逐步上升到达的最热体素及与其相连的部分。峰值：以其中任一体素为中心、1 ml 球（直径 12.4 mm）内平均值的最大者。</translation>
    </message>
    <message>
        <source>Draw as a segmentation</source>
        <translation>画为分割</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Select a region on a PET series, or with one on top.</source>
        <translation>请在 PET 序列上（或叠加了 PET 的图像上）选择一个区域。</translation>
    </message>
    <message>
        <source>Nothing of the region reaches the threshold.</source>
        <translation>区域内没有达到阈值的体素。</translation>
    </message>
    <message>
        <source>Volume {0} ml   ({1} voxels)</source>
        <translation>体积 {0} ml   ({1} 个体素)</translation>
    </message>
    <message>
        <source>{0} voxels; their slices are not even, so there is no volume</source>
        <translation>{0} 个体素；层距不均，无法计算体积</translation>
    </message>
    <message>
        <source>Max {0}   Mean {1}{2}</source>
        <translation>最大 {0}   平均 {1}{2}</translation>
    </message>
    <message>
        <source>Peak {0}{1}</source>
        <translation>峰值 {0}{1}</translation>
    </message>
    <message>
        <source>Total (TLG) {0} g</source>
        <translation>总糖酵解量（TLG）{0} g</translation>
    </message>
    <message>
        <source>The series is still loading</source>
        <translation>序列仍在加载</translation>
    </message>
    <message>
        <source>Uptake of {0} and more</source>
        <translation>摄取 {0} 及以上</translation>
    </message>
</context>
<context>
    <name>Value</name>
    <message>
        <source>no unit</source>
        <translation>无单位</translation>
    </message>
    <message>
        <source>axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation>冠状位</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation>矢状位</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
</context>
<context>
    <name>Viewport</name>
    <message>
        <source>male</source>
        <translation>男</translation>
    </message>
    <message>
        <source>female</source>
        <translation>女</translation>
    </message>
    <message>
        <source>other sex</source>
        <translation>其他性别</translation>
    </message>
    <message>
        <source>born {date}</source>
        <translation>出生 {date}</translation>
    </message>
    <message>
        <source>Acc. </source>
        <translation>检查号 </translation>
    </message>
    <message>
        <source>Zoom </source>
        <translation>缩放 </translation>
    </message>
    <message>
        <source>Image </source>
        <translation>图像 </translation>
    </message>
    <message>
        <source>inverted</source>
        <translation>反相</translation>
    </message>
    <message>
        <source>Series </source>
        <translation>序列 </translation>
    </message>
    <message>
        <source>changed by hand</source>
        <translation>手动修改</translation>
    </message>
    <message>
        <source>LUT </source>
        <translation>LUT </translation>
    </message>
    <message>
        <source>of the file</source>
        <translation>文件自带</translation>
    </message>
    <message>
        <source>W </source>
        <translation>窗宽 </translation>
    </message>
    <message>
        <source>C </source>
        <translation>窗位 </translation>
    </message>
    <message>
        <source>left</source>
        <translation>左</translation>
    </message>
    <message>
        <source>right</source>
        <translation>右</translation>
    </message>
    <message>
        <source>both</source>
        <translation>双侧</translation>
    </message>
    <message>
        <source>Contrast </source>
        <translation>对比剂 </translation>
    </message>
    <message>
        <source>Thickness </source>
        <translation>层厚 </translation>
    </message>
    <message>
        <source>{length} mm long, {width} mm wide, {angle}°</source>
        <translation>长 {length} mm，宽 {width} mm，{angle}°</translation>
    </message>
    <message>
        <source>Protocol </source>
        <translation>扫描方案 </translation>
    </message>
    <message>
        <source>Kernel </source>
        <translation>重建核 </translation>
    </message>
    <message>
        <source>Pixel </source>
        <translation>像素 </translation>
    </message>
    <message>
        <source>as acquired</source>
        <translation>原始采集</translation>
    </message>
    <message>
        <source>axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation>矢状位</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation>冠状位</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Echo</source>
        <translation>回波</translation>
    </message>
    <message>
        <source>b-value</source>
        <translation>b 值</translation>
    </message>
    <message>
        <source>Phase</source>
        <translation>期相</translation>
    </message>
    <message>
        <source>Component</source>
        <translation>分量</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>分段</translation>
    </message>
    <message>
        <source>Inversion time</source>
        <translation>反转时间</translation>
    </message>
    <message>
        <source>Flip angle</source>
        <translation>翻转角</translation>
    </message>
    <message>
        <source>Trigger time</source>
        <translation>触发时间</translation>
    </message>
    <message>
        <source>Diffusion direction</source>
        <translation>弥散方向</translation>
    </message>
    <message>
        <source>Acquisition</source>
        <translation>采集</translation>
    </message>
    <message>
        <source>Object</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Sequence</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>Stack</source>
        <translation>层组</translation>
    </message>
    <message>
        <source>Index</source>
        <translation>索引</translation>
    </message>
    <message>
        <source>Data type</source>
        <translation>数据类型</translation>
    </message>
    <message>
        <source>Repetition</source>
        <translation>重复</translation>
    </message>
    <message>
        <source>Energy window</source>
        <translation>能窗</translation>
    </message>
    <message>
        <source>Detector</source>
        <translation>探头</translation>
    </message>
    <message>
        <source>Rotation</source>
        <translation>旋转</translation>
    </message>
    <message>
        <source>R-R interval</source>
        <translation>R-R 间期</translation>
    </message>
    <message>
        <source>Time slot</source>
        <translation>时间段</translation>
    </message>
    <message>
        <source>Angular view</source>
        <translation>角度投影</translation>
    </message>
    <message>
        <source>Time slice</source>
        <translation>时间片</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>层面</translation>
    </message>
    <message>
        <source>magnitude</source>
        <translation>幅值</translation>
    </message>
    <message>
        <source>phase</source>
        <translation>相位</translation>
    </message>
    <message>
        <source>real</source>
        <translation>实部</translation>
    </message>
    <message>
        <source>imaginary</source>
        <translation>虚部</translation>
    </message>
    <message>
        <source>label</source>
        <translation>标记</translation>
    </message>
    <message>
        <source>control</source>
        <translation>对照</translation>
    </message>
    <message>
        <source>oblique</source>
        <translation>斜位</translation>
    </message>
    <message>
        <source>projection</source>
        <translation>投影</translation>
    </message>
    <message>
        <source>three dimensions</source>
        <translation>三维</translation>
    </message>
    <message>
        <source>along a path</source>
        <translation>沿路径</translation>
    </message>
    <message>
        <source>{n} years</source>
        <translation>{n} 岁</translation>
    </message>
    <message>
        <source>{n} months</source>
        <translation>{n} 个月</translation>
    </message>
    <message>
        <source>{n} weeks</source>
        <translation>{n} 周</translation>
    </message>
    <message>
        <source>{n} days</source>
        <translation>{n} 天</translation>
    </message>
    <message>
        <source>Two patients on the screen</source>
        <translation>屏幕上有两位患者</translation>
    </message>
    <message>
        <source>Incomplete: still loading</source>
        <translation>不完整：仍在加载</translation>
    </message>
    <message>
        <source>Uneven slice distances</source>
        <translation>层间距不等</translation>
    </message>
    <message>
        <source>Before: filters off</source>
        <translation>滤波前：滤波已关闭</translation>
    </message>
    <message>
        <source>Resampled</source>
        <translation>重采样</translation>
    </message>
    <message>
        <source>Straightened: lengths hold along the path</source>
        <translation>已拉直：仅沿路径的长度准确</translation>
    </message>
    <message>
        <source>Linked</source>
        <translation>已联动</translation>
    </message>
    <message>
        <source>Reduced {0}×: one voxel of so many each way</source>
        <translation>缩减 {0}×：各方向若干体素合为一个</translation>
    </message>
    <message>
        <source>Clipped by a box</source>
        <translation>已用裁剪框裁剪</translation>
    </message>
    <message>
        <source>The tool acts on the middle of the slab</source>
        <translation>工具作用于厚层的中间平面</translation>
    </message>
    <message>
        <source>Linked, registered by {0}</source>
        <translation>已联动，由 {0} 配准</translation>
    </message>
    <message>
        <source>Series on top: incomplete</source>
        <translation>叠加序列：不完整</translation>
    </message>
    <message>
        <source>AI hidden</source>
        <translation>AI 已隐藏</translation>
    </message>
    <message>
        <source>Colours through an ICC profile</source>
        <translation>颜色已按 ICC 配置文件转换</translation>
    </message>
    <message>
        <source>ICC profile not used</source>
        <translation>未使用 ICC 配置文件</translation>
    </message>
    <message>
        <source>ICC profile cannot be used</source>
        <translation>ICC 配置文件无法使用</translation>
    </message>
    <message>
        <source>Overlays of the file hidden</source>
        <translation>已隐藏文件自带的叠加层</translation>
    </message>
    <message>
        <source>Some AI labels hidden</source>
        <translation>部分 AI 标签已隐藏</translation>
    </message>
    <message>
        <source>Incomplete: {n} slices cannot be read</source>
        <translation>不完整：{n} 个层面无法读取</translation>
    </message>
    <message>
        <source>Key image: {why}</source>
        <translation>关键图像：{why}</translation>
    </message>
    <message>
        <source>Key image</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>Cine to and fro, {0} images a second</source>
        <translation>往复播放，每秒 {0} 幅</translation>
    </message>
    <message>
        <source>Cine, {0} images a second</source>
        <translation>播放，每秒 {0} 幅</translation>
    </message>
    <message>
        <source>Lossy {method}</source>
        <translation>有损压缩 {method}</translation>
    </message>
    <message>
        <source>Filtered: {names}</source>
        <translation>已滤波：{names}</translation>
    </message>
    <message>
        <source>Not filtered yet: {names}</source>
        <translation>尚未滤波：{names}</translation>
    </message>
    <message>
        <source>Not filtered: {why}</source>
        <translation>未滤波：{why}</translation>
    </message>
    <message>
        <source>AI running, {done} of {total}</source>
        <translation>AI 运行中，{done}/{total}</translation>
    </message>
    <message>
        <source>AI running, {done} of {total}, not for diagnosis</source>
        <translation>AI 运行中，{done}/{total}，不得用于诊断</translation>
    </message>
    <message>
        <source>AI</source>
        <translation>AI</translation>
    </message>
    <message>
        <source>AI, not for diagnosis</source>
        <translation>AI，不得用于诊断</translation>
    </message>
    <message>
        <source>AI explanation, not for diagnosis</source>
        <translation>AI 解释，不得用于诊断</translation>
    </message>
    <message>
        <source>Series on top turned by hand: {0} / {1} / {2}°</source>
        <translation>上层序列已手动旋转：{0} / {1} / {2}°</translation>
    </message>
    <message>
        <source>Series on top stretched by its registration</source>
        <translation>上层序列因配准被拉伸</translation>
    </message>
    <message>
        <source>Series on top registered by medview, accepted by {0}</source>
        <translation>上层序列由 medview 配准，{0} 已接受</translation>
    </message>
    <message>
        <source>{0}: registered by medview, check it</source>
        <translation>{0}：由 medview 配准，请核对</translation>
    </message>
    <message>
        <source>Series on top registered by {0}</source>
        <translation>上层序列由 {0} 配准</translation>
    </message>
    <message>
        <source>Series on top registered by hand, accepted by {0}</source>
        <translation>上层序列手动配准，{0} 已接受</translation>
    </message>
    <message>
        <source>AI: {names}</source>
        <translation>AI：{names}</translation>
    </message>
    <message>
        <source>AI: {names} – research use, not for diagnosis</source>
        <translation>AI：{names} – 仅供研究，不得用于诊断</translation>
    </message>
    <message>
        <source>Presentation state: {name}</source>
        <translation>显示状态：{name}</translation>
    </message>
    <message>
        <source>Not in the presentation state {name}</source>
        <translation>不属于显示状态 {name}</translation>
    </message>
    <message>
        <source>Overlay: {names}</source>
        <translation>叠加：{names}</translation>
    </message>
    <message>
        <source>Overlays hidden: {names}</source>
        <translation>叠加已隐藏：{names}</translation>
    </message>
    <message>
        <source>Series on top moved by hand: {0} / {1} / {2} mm (L, P, H)</source>
        <translation>叠加序列已手动移动：{0} / {1} / {2} mm（L、P、H）</translation>
    </message>
    <message>
        <source>On top: {0}</source>
        <translation>叠加：{0}</translation>
    </message>
    <message>
        <source>On top, hidden: {0}</source>
        <translation>叠加（已隐藏）：{0}</translation>
    </message>
    <message>
        <source>{0}: other frame of reference, place not verified</source>
        <translation>{0}：参考坐标系不同，位置未经核实</translation>
    </message>
    <message>
        <source>Series on top cannot be shown: {0}</source>
        <translation>叠加序列无法显示：{0}</translation>
    </message>
    <message>
        <source>AI running, {done} of {total}: {name}</source>
        <translation>AI 运行中，{done}/{total}：{name}</translation>
    </message>
    <message>
        <source>AI running, {done} of {total}: {name} – research use, not for diagnosis</source>
        <translation>AI 运行中，{done}/{total}：{name} – 仅供研究，不得用于诊断</translation>
    </message>
    <message>
        <source>AI has not looked at this image yet</source>
        <translation>AI 尚未分析此图像</translation>
    </message>
    <message>
        <source>AI has not looked yet where the edge is hatched</source>
        <translation>边缘有斜线处 AI 尚未分析</translation>
    </message>
    <message>
        <source>AI explanation, research use: {about} ({names})</source>
        <translation>AI 解释，仅供研究：{about}（{names}）</translation>
    </message>
    <message>
        <source>Incomplete: 1 slice missing</source>
        <translation>不完整：缺少 1 个层面</translation>
    </message>
    <message>
        <source>Incomplete: {n} slices missing</source>
        <translation>不完整：缺少 {n} 个层面</translation>
    </message>
    <message>
        <source>Incomplete: 1 file cannot be shown</source>
        <translation>不完整：1 个文件无法显示</translation>
    </message>
    <message>
        <source>Incomplete: {n} files cannot be shown</source>
        <translation>不完整：{n} 个文件无法显示</translation>
    </message>
    <message>
        <source>Left and right are not known</source>
        <translation>左右方位未知</translation>
    </message>
    <message>
        <source>Slices shifted against one another</source>
        <translation>层面间存在错位</translation>
    </message>
    <message>
        <source>Gantry tilt {n}°</source>
        <translation>机架倾斜 {n}°</translation>
    </message>
    <message>
        <source>Several images at one position</source>
        <translation>同一位置有多幅图像</translation>
    </message>
    <message>
        <source>Same instance twice in the folder</source>
        <translation>文件夹中有重复的实例</translation>
    </message>
    <message>
        <source>Slice thickness assumed</source>
        <translation>层厚为假定值</translation>
    </message>
    <message>
        <source>Distances are those on the scanned film</source>
        <translation>距离为胶片扫描件上的距离</translation>
    </message>
    <message>
        <source>The file holds two orientations</source>
        <translation>文件含两个方位</translation>
    </message>
    <message>
        <source>Values as stored: the Modality LUT is damaged</source>
        <translation>按存储值显示：模态查找表已损坏</translation>
    </message>
    <message>
        <source>Place in the patient unknown</source>
        <translation>在患者体内的位置未知</translation>
    </message>
    <message>
        <source>No volume: orientations differ</source>
        <translation>非容积：方位不一致</translation>
    </message>
    <message>
        <source>AI run against its conditions: {what}</source>
        <translation>AI 在不符合适用条件下运行：{what}</translation>
    </message>
    <message>
        <source>at detector</source>
        <translation>探测器平面</translation>
    </message>
    <message>
        <source>calibrated</source>
        <translation>已校准</translation>
    </message>
    <message>
        <source>estimated magnification</source>
        <translation>放大率为估计值</translation>
    </message>
    <message>
        <source>ultrasound region</source>
        <translation>超声区域</translation>
    </message>
    <message>
        <source>calibrated by hand</source>
        <translation>手动校准</translation>
    </message>
    <message>
        <source>MIP</source>
        <translation>最大密度投影 MIP</translation>
    </message>
    <message>
        <source>MinIP</source>
        <translation>最小密度投影 MinIP</translation>
    </message>
    <message>
        <source>Mean of slab</source>
        <translation>厚层平均</translation>
    </message>
    <message>
        <source>Known: {n} mm</source>
        <translation>已知：{n} mm</translation>
    </message>
    <message>
        <source>Long {length}</source>
        <translation>长径 {length}</translation>
    </message>
    <message>
        <source>Short {length}</source>
        <translation>短径 {length}</translation>
    </message>
    <message>
        <source>supplement {angle}</source>
        <translation>补角 {angle}</translation>
    </message>
    <message>
        <source>px: it does not lie in one scale alone</source>
        <translation>px：未完全位于同一个标尺区域内</translation>
    </message>
    <message>
        <source>px: it lies outside of every scale</source>
        <translation>px：位于所有标尺区域之外</translation>
    </message>
    <message>
        <source>px: this part shows no lengths (a spectrum or trace)</source>
        <translation>px：此区域不表示长度（频谱或曲线）</translation>
    </message>
    <message>
        <source>Mean {mean}{unit}   SD {sd}</source>
        <translation>均值 {mean}{unit}   标准差 {sd}</translation>
    </message>
    <message>
        <source>Min {min}   Max {max}   Median {median}</source>
        <translation>最小 {min}   最大 {max}   中位数 {median}</translation>
    </message>
    <message>
        <source>{label} mean {mean}   max {max}{unit}</source>
        <translation>{label} 平均 {mean}   最大 {max}{unit}</translation>
    </message>
    <message>
        <source>Area {area}</source>
        <translation>面积 {area}</translation>
    </message>
    <message>
        <source>{n} pixels</source>
        <translation>{n} 像素</translation>
    </message>
    <message>
        <source>No area: the outline crosses itself</source>
        <translation>无面积：轮廓自相交</translation>
    </message>
    <message>
        <source>Perimeter {length}</source>
        <translation>周长 {length}</translation>
    </message>
    <message>
        <source>values of the slice alone</source>
        <translation>仅为该层面的值</translation>
    </message>
    <message>
        <source>values after the filters</source>
        <translation>滤波后的值</translation>
    </message>
    <message>
        <source>values before the filters</source>
        <translation>滤波前的值</translation>
    </message>
    <message>
        <source>{label} mean {mean}   max {max}   peak {peak}{unit}</source>
        <translation>{label} 平均 {mean}   最大 {max}   峰值 {peak}{unit}</translation>
    </message>
    <message>
        <source>no value here</source>
        <translation>此处无值</translation>
    </message>
    <message>
        <source>not loaded yet</source>
        <translation>尚未加载</translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>(after the filters)</source>
        <translation>（滤波后）</translation>
    </message>
    <message>
        <source>column {x}, row {y}</source>
        <translation>列 {x}，行 {y}</translation>
    </message>
    <message>
        <source>Image viewport</source>
        <translation>影像视口</translation>
    </message>
    <message>
        <source>Image viewport: {series}</source>
        <translation>影像视口：{series}</translation>
    </message>
    <message>
        <source>{n} cm</source>
        <translation>{n} cm</translation>
    </message>
    <message>
        <source>DATA MISSING</source>
        <translation>数据缺失</translation>
    </message>
    <message>
        <source>Image {n} cannot be shown</source>
        <translation>第 {n} 幅图像无法显示</translation>
    </message>
    <message>
        <source>Image {n} is not loaded yet</source>
        <translation>第 {n} 幅图像尚未加载</translation>
    </message>
    <message>
        <source>{done} of {total} loaded</source>
        <translation>已加载 {done} / {total}</translation>
    </message>
    <message>
        <source>Drag a series here</source>
        <translation>将序列拖到此处</translation>
    </message>
    <message>
        <source>Drop a study folder here, or press Ctrl+O</source>
        <translation>将检查文件夹拖到此处，或按 Ctrl+O</translation>
    </message>
    <message>
        <source>⚠ made on other images</source>
        <translation>⚠ 在其他图像上所作</translation>
    </message>
    <message>
        <source>Dropped with Ctrl it lies on top of this series</source>
        <translation>按住 Ctrl 放下则叠加到此序列上</translation>
    </message>
    <message>
        <source>The model looks at this slice…</source>
        <translation>模型正在读取此层面…</translation>
    </message>
</context>
<context>
    <name>ViewportGrid</name>
    <message>
        <source>Viewport {n} is in a window of its own</source>
        <translation>视口 {n} 在单独的窗口中</translation>
    </message>
    <message>
        <source>Bring it back</source>
        <translation>移回来</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>影像</translation>
    </message>
</context>
<context>
    <name>Waveform</name>
    <message>
        <source>Group of channels</source>
        <translation>通道组</translation>
    </message>
    <message>
        <source>Paper speed</source>
        <translation>走纸速度</translation>
    </message>
    <message>
        <source>Gain</source>
        <translation>增益</translation>
    </message>
    <message>
        <source>Arrangement</source>
        <translation>排列</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>逐行排列</translation>
    </message>
    <message>
        <source>What the recorder says</source>
        <translation>记录仪结论</translation>
    </message>
    <message>
        <source>Group {0}</source>
        <translation>第 {0} 组</translation>
    </message>
    <message>
        <source>The recorder says:</source>
        <translation>记录仪结论：</translation>
    </message>
    <message>
        <source>recorder&apos;s filter {0}</source>
        <translation>记录仪滤波 {0}</translation>
    </message>
    <message>
        <source>notch {0} Hz</source>
        <translation>陷波 {0} Hz</translation>
    </message>
    <message>
        <source>no filter applied here</source>
        <translation>此处未加滤波</translation>
    </message>
    <message>
        <source>channels without calibration: values as stored</source>
        <translation>通道未校准：显示存储值</translation>
    </message>
</context>
<context>
    <name>Worklist</name>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Undecided</source>
        <translation>未判定</translation>
    </message>
    <message>
        <source>Accepted</source>
        <translation>已接受</translation>
    </message>
    <message>
        <source>Rejected</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>Not all agree</source>
        <translation>意见不一</translation>
    </message>
    <message>
        <source>Models only</source>
        <translation>仅模型</translation>
    </message>
    <message>
        <source>Reader only</source>
        <translation>仅阅片者</translation>
    </message>
    <message>
        <source>Every kind</source>
        <translation>所有类型</translation>
    </message>
    <message>
        <source>Boxes and points</source>
        <translation>框和点</translation>
    </message>
    <message>
        <source>Segmentations</source>
        <translation>分割</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Own marks</source>
        <translation>本人标记</translation>
    </message>
    <message>
        <source>Key images</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>Key image</source>
        <translation>关键图像</translation>
    </message>
    <message>
        <source>Worklist</source>
        <translation>工作列表</translation>
    </message>
    <message>
        <source>Filter the list</source>
        <translation>筛选列表</translation>
    </message>
    <message>
        <source>Label, model or note</source>
        <translation>标签、模型或备注</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>判定</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>From score</source>
        <translation>评分下限</translation>
    </message>
    <message>
        <source>Finding</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>层面</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>评分</translation>
    </message>
    <message>
        <source>No line passes the filter.</source>
        <translation>没有符合筛选条件的条目。</translation>
    </message>
    <message>
        <source>Previous  (Shift+N)</source>
        <translation>上一条  (Shift+N)</translation>
    </message>
    <message>
        <source>Next  (N)</source>
        <translation>下一条  (N)</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} / {1} 项</translation>
    </message>
    <message>
        <source>inside mean {0}, SD {1} {2} ({3} voxels)</source>
        <translation>内部均值 {0}，标准差 {1} {2}（{3} 个体素）</translation>
    </message>
    <message>
        <source>The image is not the one that was chosen.</source>
        <translation>该图像已不是当初选定的图像。</translation>
    </message>
    <message>
        <source>The reader marked this place too.</source>
        <translation>阅片者也标记了此处。</translation>
    </message>
    <message>
        <source>The reader has marked nothing here.</source>
        <translation>阅片者未标记此处。</translation>
    </message>
    <message>
        <source>A model found this too.</source>
        <translation>模型也发现了此处。</translation>
    </message>
    <message>
        <source>No model found anything here.</source>
        <translation>没有模型在此处有发现。</translation>
    </message>
    <message>
        <source>Found by {0} of {1} models</source>
        <translation>{1} 个模型中有 {0} 个发现</translation>
    </message>
</context>
</TS>
